#pragma once
// The threads that carry out one class of work, for all loops of a program. Work waits its turn in
// a bounded queue. A class starts a few threads as soon as there is work for them, and more, up to
// its maximum, when work has waited for too long: for that, one thread watches the queue while all
// others are busy. The thread that was idle last gets the next work, so that those which are too
// many stay idle and end. Any thread may call; the pool outlives all work given to it.

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "duet/base/list.hpp"
#include "duet/io/work.hpp"

namespace duet::io {

class WorkPool {
 public:
  // One piece of work, kept by whoever gives it until `run` has been called, on another thread, and
  // then `give_back`, if there is one: before that the thread counts as free for the next. The last
  // of them may destroy it.
  struct Order : ListNode {
    using Run = void (*)(Order&) noexcept;
    explicit Order(Run function, Run then = nullptr) noexcept : run(function), give_back(then) {}

    const Run run;
    const Run give_back;
    // The pool's, from give() on:
    TimePoint since{};
    bool is_waiting = false;
  };

  explicit WorkPool(const Work& work);
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  ~WorkPool();  // carries out what waits

  // False when as much work waits as may, not counting what a thread is on its way for. Where the
  // system grants no thread at all, runs it here.
  bool give(Order& order);

  // Takes work back that no thread has begun; false if one has.
  bool take_back(Order& order);

  const Work& work() const noexcept { return work_; }
  std::size_t threads() const;
  std::size_t waiting() const;

 private:
  enum class Duty : unsigned char { none, work, watch };
  struct Idle;  // a thread that waits to be called
  using Threads = std::list<std::thread>;

  void remove(Order& order);
  bool call_a_thread();
  bool assign(Duty duty);
  bool start_thread(Duty duty);
  void run_thread(Duty duty, Threads::iterator self);
  void work_off(std::unique_lock<std::mutex>& lock);
  void carry_out(Order& order, std::unique_lock<std::mutex>& lock);
  void watch(std::unique_lock<std::mutex>& lock);
  Duty wait_for_duty(std::unique_lock<std::mutex>& lock);

  const Work work_;
  mutable std::mutex mutex_;  // guards the rest
  List<Order> orders_;
  std::size_t waiting_ = 0;
  unsigned busy_ = 0;      // threads that work, or were called to
  unsigned called_ = 0;    // those of them that are about to take one that waits
  unsigned busy_max_ = 0;  // at least work_.threads; more after work had to wait
  bool is_watched_ = false;
  bool is_ending_ = false;
  std::condition_variable end_of_watch_;
  std::vector<Idle*> idle_;  // the last is called first
  Threads threads_;
  Threads ended_;  // to be joined
};

// The pools of a program. Made by the runtime, outlived by no engine that uses them.
class WorkPools {
 public:
  // The pool of that class; good as long as this. Any thread.
  WorkPool& of(const Work& work);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<WorkPool>> pools_;
};

}  // namespace duet::io
