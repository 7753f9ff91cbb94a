#pragma once
// An Engine carries out operations. Engines differ only in how the wait happens: in a blocking
// call, in a selector, in the kernel's ring, in a simulated world. An engine belongs to one loop
// and is used by that loop's thread, except for wake(). It knows operations, not coroutines.
//
// What any engine owes:
// - An operation it was given completes exactly once: `submit` returns `done`, or it is pushed to
//   the queue that the engine was built with, which the loop runs. Never both, and never run by the
//   engine itself.
// - It does not touch an operation or its buffers after that, and nobody else before.
// - With its own result if the operation took effect; cancel never takes that back.
// - It owns the blocking mode of the descriptors it adopts and gives it back on release.

#include <cstddef>
#include <functional>
#include <memory>

#include "duet/base/job.hpp"
#include "duet/base/time.hpp"
#include "duet/io/operation.hpp"

namespace duet::io {

enum class Progress : unsigned char { done, pending };

struct EngineCensus {
  std::size_t handles = 0;
  std::size_t operations = 0;  // pending
  std::size_t leases = 0;      // of buffers of the engine's own
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Takes over a descriptor; release closes it.
  virtual Handle adopt(int descriptor, HandleKind kind) = 0;

  // Ends the operations in flight on the handle (Ending::closed), waits for the last to complete
  // without blocking the caller, and only then closes the descriptor. Ignores a stale handle.
  virtual void release(Handle handle) = 0;

  virtual Progress submit(Operation& operation) = 0;

  // Asks for a pending operation to end early. It still completes through the queue: with `why`, or
  // with its own result when that was faster. Disk operations and calls that have begun run to
  // their end; a call's `stop` is requested.
  virtual void cancel(Operation& operation, Ending why) = 0;

  // Waits until an operation completes, wake() is called or the deadline has come, whichever is
  // first; with a deadline that has passed it only collects what is there.
  virtual void reap(TimePoint deadline) = 0;

  // Ends a reap that is under way, or else the next one, early. Any thread; a signal handler too.
  virtual void wake() noexcept = 0;

  // One that is readable for others when a reap would find something, if nothing was submitted
  // since the last; -1 where there is none.
  virtual int descriptor() const noexcept { return -1; }

  const EngineCensus& census() const noexcept { return census_; }

 protected:
  EngineCensus census_;  // kept by the engine
};

// Builds the engine of a loop, on the loop's thread. `completed` is the loop's ready queue.
using EngineFactory = std::function<std::unique_ptr<Engine>(JobQueue& completed)>;

}  // namespace duet::io
