#pragma once
// A Loop runs the tasks of one thread: it owns an engine, the timers and the queue of what is
// ready. One turn of it:
//   1. calls what other threads posted,
//   2. fires the timers that are due,
//   3. runs the jobs that were ready when the turn began,
//   4. lets the engine wait: until something completes, the next timer, or a wake-up; or, if jobs
//      are ready, just collect.
// Tasks of one loop never run in parallel. A loop is made, run and destroyed by one thread, or,
// under the model pool, by one at a time; post() and interrupt() are for any thread. After a fork
// the child makes its own. It outlives all that was made on it: streams, files, children.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

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

  // Runs `root` and all it leads to, to the end; rethrows what leaves it.
  void run(Task<> root);

  // The same in pieces, for a program that has a loop already, of another library:
  //   loop.start(main_task());
  //   while (loop.run_once()) other_loop_waits_for(loop.descriptor(), loop.next_deadline());
  // start() begins the task, and run_once() runs what is ready, waiting for something to become so
  // until the deadline; false when the task and all it led to have ended, and it rethrows what left
  // it. A task that was started must be run to its end.
  void start(Task<> root);
  bool run_once(TimePoint deadline = past);

  // Readable when run_once has something to do. Throws Errc::no_descriptor under all engines but
  // epoll and uring.
  int descriptor() const;

  // When run_once is to be called again though nothing is readable.
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

  void make_ready(Job& job) noexcept { ready.push(job); }
  io::Engine& engine() noexcept { return *engine_; }
  TimerWheel& timers() noexcept { return timers_; }
  BufferPool& buffers() noexcept { return buffers_; }
  sys::FiberStacks& fiber_stacks();
  FiberHost& fiber_host();  // for fibers
  CancelScope& scope() noexcept { return scope_; }
  Log& log() noexcept { return log_; }
  LoopCensus census() const noexcept;

 private:
  void begin(Task<> root);
  bool has_ended() const noexcept;
  void take_root();
  void run_turn();  // all of a turn but the engine's wait
  void take_posts();
  void wake_for_posts() noexcept;
  void run_ready();

  std::unique_ptr<FiberHost> fiber_host_;  // once there is a fiber
  BufferPool buffers_;                     // the engine's operations may hold some
  std::unique_ptr<io::Engine> engine_;
  bool is_now_known_ = false;
  bool is_running_ = false;
  bool is_root_finished_ = false;
  const TurnOrder order_;
  const FiberLimits fiber_limits_;
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
