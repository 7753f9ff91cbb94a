#pragma once
// A Selector waits until descriptors are ready. It belongs to one thread.
//
// Trigger::level reports a descriptor in every wait for as long as it is ready. Trigger::once,
// which the reactor uses, promises at least one report for each time a direction becomes ready,
// possibly more, and lets the selector keep silent afterwards until `rearm`, which the caller may
// call only after it saw EAGAIN, or a proof that nothing is left, since the last report. Spurious
// reports are allowed under both, lost ones are not.
//
// Errors are thrown as IoError and leave the selector as it was: EEXIST for a descriptor that is
// added already, ENOENT for an unknown one, EBADF for one that is not open, EPERM where the system
// cannot wait for such a descriptor (epoll and regular files), EINVAL for no interest at all.

#include <cstdint>
#include <memory>
#include <span>

#include "duet/base/time.hpp"
#include "duet/io/operation.hpp"

namespace duet::io {

enum class Trigger : unsigned char { level, once };

// A set of what to wait for and, in a report, of what was seen.
struct Events {
  bool readable = false;
  bool writable = false;
  bool exceptional = false;  // the peer ended its side, an error, or urgent data

  bool any() const noexcept { return readable || writable || exceptional; }
};

struct Report {
  std::uint64_t token;
  Events events;
};

class Selector {
 public:
  virtual ~Selector() = default;

  virtual void add(int descriptor, Events interest, std::uint64_t token) = 0;
  virtual void modify(int descriptor, Events interest, std::uint64_t token) = 0;

  // Also right for a descriptor that was closed meanwhile. Ignores an unknown one, since a number
  // that was closed may belong to another descriptor by now.
  virtual void remove(int descriptor) = 0;

  // Returns when something is ready or the deadline has come; interrupted by a signal it goes on
  // with the time that remains. The reports are good until the next call.
  virtual std::span<const Report> wait(TimePoint deadline) = 0;

  virtual void rearm(int descriptor, Direction direction) = 0;
};

std::unique_ptr<Selector> make_epoll_selector(Trigger trigger);
std::unique_ptr<Selector> make_poll_selector(Trigger trigger);

}  // namespace duet::io
