#pragma once
// A SelectorMechanism is one of the system's ways to wait until descriptors are ready. It belongs
// to one thread, and knows a descriptor by a token and no more: what else there is to know is kept
// by its user, the reactor or a Selector (selector.hpp), which is the type for programs.
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
// A descriptor that is closed while it is added is silent from then on.
//
// A forked child may destroy its copy, which leaves the parent's as it is, and nothing else.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "duet/base/time.hpp"
#include "duet/io/direction.hpp"

namespace duet::io {

enum class Trigger : unsigned char { level, once };

// A set of what to wait for and, in a report, of what was seen.
struct Events {
  bool readable = false;
  bool writable = false;
  // An error or a hang-up, which are seen whatever is waited for; that the peer ended its side, by
  // who waits for `readable` or this; urgent data, by who waits for this. Who waits for room alone
  // does not see half an end, since that lasts and would end every wait. Under select, urgent data
  // alone; under spin with Trigger::once, nothing.
  bool exceptional = false;

  bool any() const noexcept { return readable || writable || exceptional; }
  bool operator==(const Events&) const = default;
};

struct Report {
  std::uint64_t token;
  Events events;
};

class SelectorMechanism {
 public:
  virtual ~SelectorMechanism() = default;

  // Interest in `writable` alone says that nobody need have tried to write.
  virtual void add(int descriptor, Events interest, std::uint64_t token) = 0;
  virtual void modify(int descriptor, Events interest, std::uint64_t token) = 0;

  // Also right for a descriptor that was closed meanwhile. Ignores an unknown one, since a number
  // that was closed may belong to another descriptor by now.
  virtual void remove(int descriptor) = 0;

  // Returns when something is ready or the deadline has come; interrupted by a signal it goes on
  // with the time that remains. The reports are good until the next call.
  virtual std::span<const Report> wait(TimePoint deadline) = 0;

  virtual void rearm(int descriptor, Direction direction) = 0;

  // One that is readable for others when a wait would report something; -1 where there is none.
  virtual int descriptor() const noexcept { return -1; }

  // Ends a wait that is under way, or else the next one, early; any thread. False where only a
  // descriptor that becomes ready does so.
  virtual bool wake() noexcept { return false; }
};

std::unique_ptr<SelectorMechanism> make_epoll_mechanism(Trigger trigger);
std::unique_ptr<SelectorMechanism> make_poll_mechanism(Trigger trigger);

// Refuses descriptors from FD_SETSIZE (1024) on with Errc::descriptor_too_high, and says
// `exceptional` of urgent data alone: an end or an error is only readable or writable.
std::unique_ptr<SelectorMechanism> make_select_mechanism(Trigger trigger);

// Never waits in the kernel. Under Trigger::once all that is armed is reported, ready or not, for
// the caller to try.
std::unique_ptr<SelectorMechanism> make_spin_mechanism(Trigger trigger);

// Signals of the thread that makes it, which blocks SIGIO and one real-time signal from then on;
// EBUSY if the thread has one already. It owns O_ASYNC of what is added and gives it back.
std::unique_ptr<SelectorMechanism> make_signal_mechanism(Trigger trigger);

struct NamedMechanism {
  std::string_view name;
  std::unique_ptr<SelectorMechanism> (*make)(Trigger trigger);
};

std::span<const NamedMechanism> mechanisms() noexcept;
const NamedMechanism& find_mechanism(std::string_view name);  // throws std::invalid_argument

// The best that works here: epoll, else poll, else select.
const NamedMechanism& default_mechanism();

// Tells a forked child from its parent: it is another number there.
std::uint32_t fork_count() noexcept;

}  // namespace duet::io
