#pragma once
// What a coroutine needs of the loop that runs it, and the one thread-local variable of duet: which
// loops this thread has. Loop derives from LoopLocal; the lower layers know no more.

#include <utility>

#include "duet/base/job.hpp"
#include "duet/task/frame_recycler.hpp"

namespace duet {

class Fiber;
class Scope;

struct LoopLocal {
  static constexpr int awaits_per_job = 128;

  // What every turn touches comes first: with a thread for each connection, the cache lines of a
  // loop are cold whenever it wakes up.
  JobQueue ready;
  JobQueue to_take_down;
  int budget = 0;  // awaits that the running job may still make without waiting
  FrameRecycler frames;
  Fiber* fiber = nullptr;           // the one whose stack is in use
  Scope* callback_scope = nullptr;  // of the callback that runs

  LoopLocal* made_before = nullptr;  // on the same thread
};

struct LoopsOfThread {
  LoopLocal* running = nullptr;  // the one that runs now
  LoopLocal* made = nullptr;     // the one that was made last while none ran
};

inline constinit thread_local LoopsOfThread loops_of_thread;

// While it lives its thread is one without a loop.
class WithoutLoop {
 public:
  WithoutLoop() noexcept : before_(std::exchange(loops_of_thread, LoopsOfThread())) {}
  ~WithoutLoop() { loops_of_thread = before_; }
  WithoutLoop(const WithoutLoop&) = delete;
  WithoutLoop& operator=(const WithoutLoop&) = delete;

 private:
  const LoopsOfThread before_;
};

// For an await that need not wait. Counts it; a job that has had its share goes behind the others
// that are ready: then true, and the coroutine stays suspended.
inline bool gives_way(Job& waiter) noexcept {
  LoopLocal* local = loops_of_thread.running;
  if (local == nullptr || --local->budget > 0) return false;
  local->ready.push(waiter);
  return true;
}

}  // namespace duet
