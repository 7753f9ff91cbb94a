// select(2). A descriptor is a bit in sets of FD_SETSIZE (1024), so one with a greater number is
// refused; a bit beyond would be written into somebody else's memory. As poll(2) it knows no
// Trigger::once, so a direction that was reported is no longer asked for until rearm. It tells an
// end or an error apart from data by nothing: `exceptional` is urgent data alone.

#include "sys/select.hpp"

#include <algorithm>
#include <array>

#include "duet/io/selector_mechanism.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

class SelectMechanism final : public SelectorMechanism {
 public:
  explicit SelectMechanism(Trigger trigger) : trigger_(trigger) {
    for (fd_set* set : {&known_, &asked_.readable, &asked_.writable, &asked_.exceptional})
      FD_ZERO(set);
  }

  void add(int descriptor, Events interest, std::uint64_t token) override {
    if (descriptor >= sys::selectable_max) throw IoError(Errc::descriptor_too_high, "select");
    if (!sys::is_open(descriptor)) fail(EBADF);
    if (is_known(descriptor)) fail(EEXIST);
    ask(descriptor, interest);
    FD_SET(descriptor, &known_);
    tokens_[static_cast<std::size_t>(descriptor)] = token;
    end_ = std::max(end_, descriptor + 1);
  }

  void modify(int descriptor, Events interest, std::uint64_t token) override {
    if (!is_known(descriptor)) fail(ENOENT);
    ask(descriptor, interest);
    tokens_[static_cast<std::size_t>(descriptor)] = token;
  }

  void remove(int descriptor) override {
    if (!is_known(descriptor)) return;
    forget(descriptor);
    FD_CLR(descriptor, &known_);
    while (end_ > 0 && !FD_ISSET(end_ - 1, &known_)) --end_;
  }

  std::span<const Report> wait(TimePoint deadline) override {
    count_ = 0;
    Sets seen = asked_;
    std::int64_t ready = 0;
    do {
      seen = asked_;
      ready = sys::select_interruptible(end_, seen.readable, seen.writable, seen.exceptional,
                                        sys::Timeout(deadline));
      if (ready == -EBADF) forget_closed();
    } while (ready == -EINTR || ready == -EBADF);
    sys::checked(ready, "pselect");
    for (int descriptor = 0; ready > 0 && descriptor < end_; ++descriptor) {
      Events events{.readable = FD_ISSET(descriptor, &seen.readable) != 0,
                    .writable = FD_ISSET(descriptor, &seen.writable) != 0,
                    .exceptional = FD_ISSET(descriptor, &seen.exceptional) != 0};
      ready -= events.readable + events.writable + events.exceptional;
      if (events.any()) take(descriptor, events);
    }
    return std::span(reports_).first(count_);
  }

  void rearm(int descriptor, Direction direction) override {
    if (!is_known(descriptor)) fail(ENOENT);
    if (direction == Direction::write) {
      FD_SET(descriptor, &asked_.writable);
    } else {
      FD_SET(descriptor, &asked_.readable);
      FD_SET(descriptor, &asked_.exceptional);
    }
  }

 private:
  struct Sets {
    fd_set readable, writable, exceptional;
  };

  [[noreturn]] static void fail(int error) {
    throw IoError({error, std::system_category()}, "select");
  }

  bool is_known(int descriptor) const {
    return descriptor >= 0 && descriptor < sys::selectable_max && FD_ISSET(descriptor, &known_);
  }

  void ask(int descriptor, Events interest) {
    if (!interest.any()) fail(EINVAL);
    forget(descriptor);
    if (trigger_ == Trigger::once) return;  // until the first rearm
    if (interest.readable) FD_SET(descriptor, &asked_.readable);
    if (interest.writable) FD_SET(descriptor, &asked_.writable);
    if (interest.exceptional) FD_SET(descriptor, &asked_.exceptional);
  }

  void take(int descriptor, Events events) {
    // What only urgent data tells is read as data is.
    bool reads = events.readable || events.exceptional;
    if (trigger_ == Trigger::once) {
      if (reads) FD_CLR(descriptor, &asked_.readable);
      if (reads) FD_CLR(descriptor, &asked_.exceptional);
      if (events.writable) FD_CLR(descriptor, &asked_.writable);
    }
    events.readable = reads;
    reports_[count_++] = {tokens_[static_cast<std::size_t>(descriptor)], events};
  }

  void forget(int descriptor) {
    FD_CLR(descriptor, &asked_.readable);
    FD_CLR(descriptor, &asked_.writable);
    FD_CLR(descriptor, &asked_.exceptional);
  }

  // One closed descriptor makes select fail for all.
  void forget_closed() {
    for (int descriptor = 0; descriptor < end_; ++descriptor)
      if (is_known(descriptor) && !sys::is_open(descriptor)) forget(descriptor);
  }

  const Trigger trigger_;
  fd_set known_;
  Sets asked_;
  int end_ = 0;  // behind the greatest known
  std::size_t count_ = 0;
  std::array<std::uint64_t, sys::selectable_max> tokens_;
  std::array<Report, sys::selectable_max> reports_;
};

}  // namespace

std::unique_ptr<SelectorMechanism> make_select_mechanism(Trigger trigger) {
  return std::make_unique<SelectMechanism>(trigger);
}

}  // namespace duet::io
