#pragma once
// A Placement puts each accepted connection on a loop and knows those that run. It belongs to a
// worker and is used on that worker's loop. One implementation for each Sharing.

#include <cstdint>
#include <memory>

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
  std::vector<int> inherited;     // descriptors that a forked child has no business with
  const LoopEnd& loop_end;
};

// How long a connection may be silent while the server drains.
inline constexpr Duration drain_quiet = std::chrono::milliseconds(250);

class Placement {
 public:
  virtual ~Placement() = default;

  // How many connections it can have, running or waiting their turn.
  virtual std::size_t room() const noexcept { return SIZE_MAX; }

  // Runs the connection; takes over its descriptor in any case, and keeps the admission until it
  // has ended.
  virtual void start(const Service& service, Accepted connection, Admission admission) = 0;

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

 private:
  std::size_t running_ = 0;
  Event ended_;
};

std::unique_ptr<Placement> make_placement(Sharing sharing, Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_on_this_loop(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_one_at_a_time(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_on_threads(Loop& loop, Hosting hosting);
std::unique_ptr<Placement> place_in_processes(Loop& loop, Hosting hosting);

// The handler's whole run, on the current loop; throws nothing.
Task<> run_connection(const Service& service, Accepted connection);

}  // namespace duet
