#pragma once
// How a reactor has operations carried out that would keep its thread waiting: disk operations that
// the page cache cannot answer, and calls. Used by the reactor's thread; an implementation ends the
// reactor's wait by the `wake` that it was made with.

#include <functional>
#include <memory>

#include "duet/base/job.hpp"
#include "duet/base/time.hpp"
#include "duet/io/operation.hpp"

namespace duet::io {

class DiskAccess {
 public:
  virtual ~DiskAccess() = default;

  // Takes an operation on; it comes back by collect. False, and it has completed, when too much
  // waits already.
  virtual bool run(Operation& operation, int descriptor) = 0;

  // Ends an operation that has not begun; it is collected like the others. Else it goes on.
  virtual void cancel(Operation& operation, Ending why) = 0;

  // The operations that have been carried out since.
  virtual void collect(JobQueue& returned) = 0;

  // When to collect although nobody calls wake.
  virtual TimePoint next_look() const noexcept { return never; }
  virtual bool always_wakes() const noexcept { return true; }

  // Closes a file's descriptor: here, unless that would take long.
  virtual void close_file(int descriptor) = 0;
};

using DiskAccessFactory = std::function<std::unique_ptr<DiskAccess>(std::function<void()> wake)>;

}  // namespace duet::io
