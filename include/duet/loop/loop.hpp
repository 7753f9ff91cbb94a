#pragma once
// A Loop runs the tasks of one thread: it owns an engine, the timers and the queue of what is
// ready. One turn of it:
//   1. calls what other threads posted,
//   2. fires the timers that are due,
//   3. runs the jobs that were ready when the turn began,
//   4. lets the engine wait: until something completes, the next timer, or a wake-up; or, if jobs
//      are ready, just collect.
// It is at its end when the task it was given has ended, nothing more is ready and no operation is
// on its way. Nothing else keeps it going and nothing is marked as not keeping it: a listener or a
// timer that nobody waits for does not, and who wants another task waited for gives it to a Scope,
// which ends within the first. What was posted too late is destroyed with the loop, uncalled.
//
// Tasks of one loop never run in parallel. A loop is made, run and destroyed by one thread, or by
// one at a time, each of which calls claim() first, as under the model pool; post(), interrupt()
// and log() are for any thread. After a fork the child makes its own. A loop outlives all that was
// made on it: streams, listeners, files, children, leases. Destroyed before them it ends the
// program and says how many are left.
//
// Misuse ends the program with a sentence, too: run() or run_once() within a task of the same loop,
// start() or run() while an earlier task has not ended, run_once() without start() or after its
// end, and, in builds with assertions (no NDEBUG, or _GLIBCXX_ASSERTIONS), the use of a loop that
// another thread has.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "duet/base/assert.hpp"
#include "duet/base/job.hpp"
#include "duet/base/log.hpp"
#include "duet/base/time.hpp"
#include "duet/io/engine.hpp"
#include "duet/loop/timer_wheel.hpp"
#include "duet/loop/turn_order.hpp"
#include "duet/sys/fiber_stacks.hpp"
#include "duet/task/loop_local.hpp"
#include "duet/task/task.hpp"

namespace duet {

// What a loop still has. All zero when nothing was forgotten.
struct LoopCensus {
  std::ptrdiff_t frames = 0;
  std::size_t operations = 0;
  std::size_t handles = 0;
  std::size_t timers = 0;
  std::size_t leases = 0;
  std::size_t fibers = 0;

  bool operator==(const LoopCensus&) const = default;
};

class FiberHost;

class Loop : public LoopLocal {
 public:
  using Post = std::move_only_function<void()>;
  using Interrupted = std::move_only_function<void(unsigned bits)>;

  explicit Loop(const io::EngineFactory& make_engine, Log& log, TurnOrder order = fifo_order,
                FiberLimits fibers = {});
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // The loop that runs on this thread; there must be one.
  static Loop& current() noexcept;
  static Loop* current_or_null() noexcept;

  // The loop is this thread's from now on; whoever had it uses it no more, but for what is for any
  // thread. Not for engines that belong to a thread: all but epoll, poll, select and spin.
  void claim() noexcept { owner_ = std::this_thread::get_id(); }

  // Runs `root` and all it leads to, to the end; rethrows what leaves it. May be called again then.
  void run(Task<> root);

  // The same in pieces, for a program that has a loop already, of another library:
  //   loop.start(main_task());
  //   while (loop.run_once()) other_loop_waits_for(loop.descriptor(), loop.next_deadline());
  // start() begins the task, and run_once() runs what is ready, waiting for something to become so
  // until the deadline; false when the task and all it led to have ended, and it rethrows what left
  // it: then start() comes first again. A task that was started must be run to its end.
  void start(Task<> root);
  bool run_once(TimePoint deadline = past);

  // Readable when run_once has something to do. Throws Errc::no_descriptor under all engines but
  // epoll and uring.
  int descriptor() const;

  // When run_once is to be called again though nothing is readable: a timer's time, `past` for at
  // once, or `never`. It may be another after each run_once.
  TimePoint next_deadline() noexcept;

  // Calls `function` on this loop's thread, soon; never, if the loop ends before. Any thread.
  void post(Post function);

  // Queues the job, which must stay and be in no other queue; allocates nothing. Any thread.
  void post(Job& job) noexcept;

  // What interrupt(bits) leads to: a call of `action` on the loop's thread, soon, with the bits of
  // all interrupts since the last. For signal handlers, which may not post. Set before run.
  void on_interrupt(Interrupted action) { interrupt_action_ = std::move(action); }
  void interrupt(unsigned bits) noexcept;

  // The time at the beginning of the turn.
  TimePoint now() noexcept;

  // The time of day: for people, not for deadlines.
  std::chrono::system_clock::time_point wall_now() noexcept {
    return std::chrono::system_clock::now();
  }

  void make_ready(Job& job) noexcept {
    check_thread();
    ready.push(job);
  }
  // Runs the job at the end of this turn: it takes down what has ended, for which no task waits, so
  // that the engine is not asked in between.
  void take_down(Job& job) noexcept {
    check_thread();
    to_take_down.push(job);
  }
  io::Engine& engine() noexcept {
    check_thread();
    return *engine_;
  }
  TimerWheel& timers() noexcept {
    check_thread();
    return timers_;
  }
  BufferPool& buffers() noexcept {
    check_thread();
    return buffers_;
  }
  sys::FiberStacks& fiber_stacks();
  FiberHost& fiber_host();  // for fibers
  CancelScope& scope() noexcept {
    check_thread();
    return scope_;
  }
  Log& log() noexcept { return log_; }
  LoopCensus census() const noexcept;

 private:
  class InUse;

  void check_thread() const noexcept {
    if (has_usage_checks && owner_ != std::this_thread::get_id()) refuse_thread();
  }
  [[noreturn]] void refuse_thread() const noexcept;
  void refuse_second_task() const noexcept;
  void check_end() const noexcept;
  void begin(Task<> root);
  bool has_ended() const noexcept;
  void take_root();
  void run_turn();  // all of a turn but the engine's wait
  void take_posts();
  void wake_for_posts() noexcept;
  void run_ready();
  void run_all(JobQueue& jobs);

  std::unique_ptr<FiberHost> fiber_host_;  // once there is a fiber
  BufferPool buffers_;                     // the engine's operations may hold some
  std::unique_ptr<io::Engine> engine_;
  bool is_now_known_ = false;
  bool is_running_ = false;  // has a task that has not ended
  bool is_in_use_ = false;   // by run, start or run_once
  bool is_root_finished_ = false;
  const TurnOrder order_;
  const FiberLimits fiber_limits_;
  std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<unsigned> interrupts_ = 0;
  std::atomic<bool> has_posts_ = false;
  CancelScope scope_;
  TimerWheel timers_;

  TimePoint now_{};
  Log& log_;
  Interrupted interrupt_action_;
  std::mutex mutex_;
  std::vector<Post> posts_;
  JobQueue posted_jobs_;
  Task<> root_;
};

}  // namespace duet
