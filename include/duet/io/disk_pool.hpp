#pragma once
// The few threads that make the disk calls which would block a loop: a loop first asks the page
// cache, and only what that cannot answer comes here. One pool serves all loops of a program. Its
// threads start when they are needed. Made by the program, outlived by no engine that uses it.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "duet/base/job.hpp"
#include "duet/io/operation.hpp"

namespace duet::io {

class DiskAccess;

class DiskPool {
 public:
  explicit DiskPool(std::size_t threads_max = 4) : threads_max_(threads_max) {}
  DiskPool(const DiskPool&) = delete;
  DiskPool& operator=(const DiskPool&) = delete;
  ~DiskPool();  // all operations have been given back by then

  // Any thread. The queue holds at most as many operations as there are tasks that await one.
  void run(Operation& operation, int descriptor, DiskAccess& from);

 private:
  struct Order {
    Operation* operation;
    int descriptor;
    DiskAccess* from;
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

// What an engine has of the pool: gives it operations and gets them back. `wake` ends the engine's
// wait and is called by the pool's threads; the rest by the engine's.
class DiskAccess {
 public:
  DiskAccess(std::shared_ptr<DiskPool> pool, std::function<void()> wake)
      : pool_(std::move(pool)), wake_(std::move(wake)) {}

  void run(Operation& operation, int descriptor) {
    ++given_;
    pool_->run(operation, descriptor, *this);
  }

  // The operations that have been carried out since.
  void collect(JobQueue& returned);

 private:
  friend class DiskPool;

  void give_back(Operation& operation);

  const std::shared_ptr<DiskPool> pool_;
  const std::function<void()> wake_;
  std::size_t given_ = 0;
  std::mutex mutex_;
  std::size_t done_count_ = 0;
  JobQueue done_;
};

}  // namespace duet::io
