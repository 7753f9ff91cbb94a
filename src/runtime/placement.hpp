#pragma once
// A Placement puts each accepted connection on a loop and knows those that run. It belongs to a
// worker and is used on that worker's loop. One implementation for each Sharing.

#include <cstdint>
#include <memory>

#include "duet/base/list.hpp"
#include "duet/loop/event.hpp"
#include "duet/runtime/runtime.hpp"
#include "runtime/admission.hpp"

namespace duet {

using LoopEnd = std::function<void(const LoopCensus&)>;

inline void tell(const LoopEnd& loop_end, const Loop& ended) {
  if (loop_end) loop_end(ended.census());
}

// What a placement needs to start a connection.
struct Hosting {
  Log& log;
  io::EngineFactory make_engine;  // of a connection's own loop
  TurnOrder turn_order;           // of that loop
  FiberLimits fibers;             // likewise
  std::vector<int> inherited;     // descriptors that a forked child has no business with
  const LoopEnd& loop_end;
  std::shared_ptr<io::WorkPools> pools;  // of loops that the placement makes itself
  unsigned threads;                      // to run them
};

// How long a connection may be silent while the server drains.
inline constexpr Duration drain_quiet = std::chrono::milliseconds(250);

// How long it must have been silent to be ended for another one's sake: a peer in the middle of a
// conversation answers sooner.
inline constexpr Duration room_quiet = std::chrono::milliseconds(20);

// What the system may have had too little of when it refused a thread or a process.
inline constexpr std::string_view limits_of_threads =
    "ulimit -u, pids.max of the control group and memory limit them";

class Placement {
 public:
  virtual ~Placement() = default;

  // How many connections it can have at a time.
  virtual std::size_t room() const noexcept { return SIZE_MAX; }

  // Of its own, to run the loops of connections; 0 if there are none.
  virtual unsigned threads() const noexcept { return 0; }

  // Runs the connection; takes over its descriptor in any case, and keeps the admission until it
  // has ended.
  virtual void start(const Service& service, Accepted connection, Admission admission) = 0;

  // A connection waits for another one to end: ends the one that is idle longest, if there is one,
  // and never one that is not. Where it cannot be seen who is idle it asks, the longest running
  // first, up to `asked_max` of them, and others at the next call.
  virtual void make_room(std::size_t asked_max) = 0;

  // A connection that has been accepted and waits for room, for as long as this lives.
  struct Newcomer : ListNode {
    Newcomer(Placement& placement, int of) noexcept : descriptor(of) {
      placement.newcomers_.push_back(*this);
    }
    const int descriptor;
  };

  // Ends what is idle for longer than `quiet` and lets the rest go on.
  virtual void drain(Duration quiet) = 0;

  // Ends everything.
  virtual void cut() = 0;

  // Children have ended: SIGCHLD.
  virtual void reap() {}

  std::size_t running() const noexcept { return running_; }

  // Set whenever a connection has ended.
  Event& ended() noexcept { return ended_; }

 protected:
  void note_start() noexcept { ++running_; }
  void note_end() noexcept {
    --running_;
    ended_.set();
  }

  List<Newcomer> newcomers_;  // a forked child has no business with them

 private:
  std::size_t running_ = 0;
  Event ended_;
};

std::unique_ptr<Placement> make_placement(Sharing sharing, Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_on_this_loop(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_one_at_a_time(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_on_threads(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_in_processes(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_on_pool(Loop& loop, Hosting hosting);

// The handler's whole run, on the current loop; throws nothing.
Task<> run_connection(const Service& service, Accepted connection);

// Logs the exception being handled, which has left the handler of that peer's connection.
void log_failure(Log& log, const Address& peer) noexcept;

}  // namespace duet
