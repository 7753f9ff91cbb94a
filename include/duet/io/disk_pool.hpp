#pragma once
// The few threads that make the disk calls which would block a loop: a loop first asks the page
// cache, and only what that cannot answer comes here. One pool serves all loops of a program. Its
// threads start when they are needed. Made by the program, outlived by no engine that uses it.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "duet/base/job.hpp"
#include "duet/io/operation.hpp"

namespace duet::io {

// Where the pool gives operations back: belongs to an engine, filled by the pool's threads.
class DiskReturns {
 public:
  explicit DiskReturns(std::function<void()> wake) : wake_(std::move(wake)) {}

  void give_back(Operation& operation);  // a thread of the pool
  void collect(JobQueue& completed);     // the engine's thread

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  JobQueue done_;
};

class DiskPool {
 public:
  explicit DiskPool(std::size_t threads_max = 4) : threads_max_(threads_max) {}
  DiskPool(const DiskPool&) = delete;
  DiskPool& operator=(const DiskPool&) = delete;
  ~DiskPool();  // all operations have been given back by then

  // Any thread. The queue holds at most as many operations as there are tasks that await one.
  void run(Operation& operation, int descriptor, DiskReturns& returns);

 private:
  struct Order {
    Operation* operation;
    int descriptor;
    DiskReturns* returns;
  };

  void work();
  void start_thread();  // mutex_ is held
  static void carry_out(const Order& order);

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Order> orders_;
  std::size_t idle_ = 0;
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace duet::io
