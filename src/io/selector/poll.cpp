// poll(2). The kernel knows no Trigger::once, so it is made here: a direction that was reported is
// no longer asked for until rearm. A descriptor of which nothing is asked is passed as a negative
// number, since poll reports errors and hang-ups even then and would spin.

#include <vector>

#include "duet/io/selector_mechanism.hpp"
#include "io/selector/poll_events.hpp"

namespace duet::io {
namespace {

class PollMechanism final : public SelectorMechanism {
 public:
  explicit PollMechanism(Trigger trigger) : trigger_(trigger) {}

  void add(int descriptor, Events interest, std::uint64_t token) override {
    if (!sys::is_open(descriptor)) throw IoError(sys::error_code(-EBADF), "poll");
    auto number = static_cast<std::size_t>(descriptor);
    if (number >= index_.size()) index_.resize(number + 1, unknown);
    if (index_[number] != unknown) throw IoError(sys::error_code(-EEXIST), "poll");
    short events = events_of(interest);
    index_[number] = static_cast<std::uint32_t>(polled_.size());
    polled_.push_back(
        {.fd = events == 0 ? ~descriptor : descriptor, .events = events, .revents = 0});
    tokens_.push_back(token);
  }

  void modify(int descriptor, Events interest, std::uint64_t token) override {
    std::size_t at = find(descriptor);
    ask(polled_[at], events_of(interest));
    tokens_[at] = token;
  }

  void remove(int descriptor) override {
    if (!is_known(descriptor)) return;
    std::size_t at = find(descriptor);
    index_[static_cast<std::size_t>(descriptor)] = unknown;
    if (at + 1 < polled_.size()) {
      polled_[at] = polled_.back();
      tokens_[at] = tokens_.back();
      index_[static_cast<std::size_t>(number_of(polled_[at]))] = static_cast<std::uint32_t>(at);
    }
    polled_.pop_back();
    tokens_.pop_back();
  }

  std::span<const Report> wait(TimePoint deadline) override {
    reports_.clear();
    std::int64_t ready = 0;
    bool has_closed = false;
    do {
      ready = sys::poll_interruptible(polled_, sys::Timeout(deadline));
      has_closed = ready > 0 && !take(ready);
    } while (ready == -EINTR || (has_closed && reports_.empty()));
    sys::checked(ready, "ppoll");
    return reports_;
  }

  void rearm(int descriptor, Direction direction) override {
    pollfd& entry = polled_[find(descriptor)];
    short more = direction == Direction::read ? poll_read_events : short{POLLOUT};
    ask(entry, static_cast<short>(entry.events | more));
  }

 private:
  static constexpr std::uint32_t unknown = UINT32_MAX;

  short events_of(Events interest) const {
    if (!interest.any()) throw IoError(sys::error_code(-EINVAL), "poll");
    if (trigger_ == Trigger::once) return 0;  // until the first rearm
    return poll_events(interest);
  }

  // False if some were closed, which would be reported for ever.
  bool take(std::int64_t ready) {
    bool are_open = true;
    for (std::size_t i = 0; ready > 0 && i < polled_.size(); ++i) {
      pollfd& entry = polled_[i];
      if (entry.fd < 0 || entry.revents == 0) continue;
      --ready;
      if ((entry.revents & POLLNVAL) != 0) {
        are_open = false;
        ask(entry, 0);
        continue;
      }
      reports_.push_back({.token = tokens_[i], .events = events_in(entry.revents)});
      if (trigger_ == Trigger::once) disarm(entry);
    }
    return are_open;
  }

  static int number_of(const pollfd& entry) { return entry.fd < 0 ? ~entry.fd : entry.fd; }

  static void ask(pollfd& entry, short events) {
    int descriptor = number_of(entry);
    entry.events = events;
    entry.fd = events == 0 ? ~descriptor : descriptor;
  }

  static void disarm(pollfd& entry) {
    short reported = entry.revents;
    int gone = 0;
    if ((reported & (poll_read_events | poll_ended)) != 0) gone |= poll_read_events;
    if ((reported & (POLLOUT | poll_ended)) != 0) gone |= POLLOUT;
    ask(entry, static_cast<short>(entry.events & ~gone));
  }

  bool is_known(int descriptor) const {
    auto number = static_cast<std::size_t>(descriptor);
    return descriptor >= 0 && number < index_.size() && index_[number] != unknown;
  }

  std::size_t find(int descriptor) const {
    if (!is_known(descriptor)) throw IoError(sys::error_code(-ENOENT), "poll");
    return index_[static_cast<std::size_t>(descriptor)];
  }

  const Trigger trigger_;
  std::vector<pollfd> polled_;
  std::vector<std::uint64_t> tokens_;  // beside polled_
  std::vector<std::uint32_t> index_;   // of a descriptor in polled_
  std::vector<Report> reports_;
};

}  // namespace

std::unique_ptr<SelectorMechanism> make_poll_mechanism(Trigger trigger) {
  return std::make_unique<PollMechanism>(trigger);
}

}  // namespace duet::io
