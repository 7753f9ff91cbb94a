#pragma once
// What Event, Mutex, Semaphore and Channel share: those who wait, in the order in which they came.
// They may be tasks of any loop, which are suspended, and plain threads, which wait(…) blocks:
//
//   Mutex::Lock lock = co_await mutex.lock();   // in a task
//   Mutex::Lock lock = wait(mutex.lock());      // on a thread that runs no loop
//
// A wait ends once: it is given what it waits for, by whatever thread, or it is cancelled by its
// own loop, whichever is first. What was given is kept although a cancellation follows.

#include <condition_variable>
#include <mutex>

#include "duet/loop/loop.hpp"
#include "duet/loop/plain_wait.hpp"

namespace duet {

class Waiter;

struct QueuedWaiter : ListNode {};

class WaitQueue {
 public:
  bool empty() const noexcept { return waiters_.empty(); }
  void push(QueuedWaiter& waiter) noexcept { waiters_.push_back(waiter); }
  Waiter& pop() noexcept;

 private:
  List<QueuedWaiter> waiters_;
};

class Waiter : private QueuedWaiter, private CancelNode {
 public:
  Waiter& operator=(const Waiter&) = delete;

  // Ends the wait. Called under the lock by who has taken it out of the queue; it may be gone when
  // the lock is given back, and its task may be about to destroy what it has waited for, which
  // takes the lock for that. Any thread.
  void wake() noexcept;

 protected:
  // `lock` guards the queue, and whatever the wait is for.
  Waiter(std::mutex& lock, WaitQueue& queue) noexcept
      : CancelNode(notify), lock_(lock), queue_(queue) {}
  Waiter(Waiter&& other) noexcept = default;  // before it has begun
  ~Waiter() = default;

  // take() is called under the lock, and tells that there is nothing to wait for. True when the
  // coroutine has to stay suspended.
  template <class Take>
  bool begin(PromiseBase& waiter, Take take) {
    scope_ = waiter.scope();
    is_cancelled_ = scope_ != nullptr && scope_->is_cancelled();
    if (is_cancelled_) return gives_way(waiter);
    bool stays = false;
    {
      std::lock_guard lock(lock_);
      stays = !take();
      if (stays) stay(waiter);
    }
    if (!stays) return gives_way(waiter);
    report();
    return true;
  }

  // The same for a thread, which it blocks.
  template <class Take>
  void block(Take take) {
    DUET_ASSERT(Loop::current_or_null() ==
                nullptr);  // a loop must not be blocked: co_await instead
    std::unique_lock lock(lock_);
    if (!take()) sleep(lock);
  }

  void throw_if_cancelled() const {
    if (is_cancelled_) throw Cancelled{scope_->reason()};
  }

 private:
  friend WaitQueue;
  static void notify(CancelNode& node, Notice notice);
  void stay(PromiseBase& waiter);
  void report() const;
  void sleep(std::unique_lock<std::mutex>& lock);

  std::mutex& lock_;
  WaitQueue& queue_;
  Loop* loop_ = nullptr;  // or, of a thread:
  std::condition_variable* woken_ = nullptr;
  bool is_woken_ = false;
  bool is_cancelled_ = false;
  PromiseBase* waiter_ = nullptr;
  CancelScope* scope_ = nullptr;
};

inline Waiter& WaitQueue::pop() noexcept {
  auto& first = static_cast<Waiter&>(waiters_.front());
  static_cast<QueuedWaiter&>(first).unlink();
  return first;
}

}  // namespace duet
