// Signal-driven I/O: a descriptor that becomes ready sends a real-time signal with its number,
// which waits in the thread's queue until sigtimedwait(2) takes it. A signal is a hint and no more:
// it may be late, about a number that was closed and used again, and tells an end from data by
// nothing. So what it names is looked at by poll(2), and so is what was just added or waits for
// room: arm, then check. A socket signals room only after a send that found none while it was
// armed, so the first wait for room is told that there is, and the caller tries again. SIGIO says
// that the queue was full and that signals are missing: then all are looked at. Under
// Trigger::level, where readiness counts and not its beginning, they are in every wait.
//
// What cannot signal, and what signals somebody else, is left to a thread, which is started then.

#include <utility>
#include <vector>

#include "duet/io/selector_mechanism.hpp"
#include "io/selector/poll_events.hpp"
#include "io/selector/readiness_thread.hpp"
#include "sys/fork_count.hpp"
#include "sys/readiness_signal.hpp"

namespace duet::io {
namespace {

class SignalMechanism final : public SelectorMechanism {
 public:
  explicit SignalMechanism(Trigger trigger) : trigger_(trigger) {}

  // In a forked child there is no thread to join, and the descriptions that signal are the
  // parent's.
  ~SignalMechanism() override {
    if (forks_ != sys::fork_count()) {
      [[maybe_unused]] const ReadinessThread* of_parent = thread_.release();
      return;
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) remove(static_cast<int>(i));
  }

  void add(int descriptor, Events interest, std::uint64_t token) override {
    if (!sys::is_open(descriptor)) fail(EBADF);
    if (!interest.any()) fail(EINVAL);
    auto number = static_cast<std::size_t>(descriptor);
    if (number >= entries_.size()) entries_.resize(number + 1);
    Entry& entry = entries_[number];
    if (entry.state != State::unknown) fail(EEXIST);
    entry = {.token = token, .interest = interest, .is_hinted = entry.is_hinted};
    if (!needs_thread(interest) &&
        signals_.begin(descriptor, entry.former) == sys::Signalling::begun) {
      entry.state = State::signals;
      hint(descriptor);
    } else {
      thread().add(descriptor, interest, token);
      entry.state = State::on_thread;
    }
  }

  void modify(int descriptor, Events interest, std::uint64_t token) override {
    Entry& entry = find(descriptor);
    if (!interest.any()) fail(EINVAL);
    if (needs_thread(interest) != needs_thread(entry.interest)) {
      remove(descriptor);
      return add(descriptor, interest, token);
    }
    if (entry.state == State::on_thread) thread().modify(descriptor, interest, token);
    entry.interest = interest;
    entry.token = token;
    if (entry.state == State::signals) hint(descriptor);
  }

  void remove(int descriptor) override {
    if (!is_known(descriptor)) return;
    Entry& entry = entries_[static_cast<std::size_t>(descriptor)];
    if (entry.state == State::on_thread)
      thread().remove(descriptor);
    else
      signals_.end(descriptor, entry.former);
    entry.state = State::unknown;
  }

  std::span<const Report> wait(TimePoint deadline) override {
    if (!signals_.is_of_this_thread()) fail(EPERM);  // they go to the thread that made it
    reports_.clear();
    // What has been hinted at is looked at before anybody sleeps, and signals are taken every time.
    TimePoint until = hints_.empty() && trigger_ == Trigger::once ? deadline : past;
    for (;;) {
      if (thread_ && until != past) thread_->go_on();
      take_signals(until);
      look();
      if (!reports_.empty() || Clock::now() >= deadline) return reports_;
      until = deadline;
    }
  }

  void rearm(int descriptor, Direction direction) override {
    Entry& entry = find(descriptor);
    if (direction == Direction::read || entry.state != State::signals) return;
    hint(descriptor);
    if (entry.room == Room::unknown) entry.room = Room::to_be_tried;
  }

 private:
  static constexpr int batch_max = 128;

  enum class State : unsigned char { unknown, signals, on_thread };
  enum class Room : unsigned char { unknown, to_be_tried, tried };

  struct Entry {  // one for each descriptor: its size is a cost of idle connections
    std::uint64_t token = 0;
    sys::FormerSignalling former{};
    Events interest{};
    State state = State::unknown;
    bool is_hinted = false;
    Room room = Room::unknown;
  };

  [[noreturn]] static void fail(int error) {
    throw IoError({error, std::system_category()}, "signal-driven I/O");
  }

  // A socket signals room only after a send that found none. Nobody need have tried one under
  // Trigger::level, or who is interested in nothing else.
  bool needs_thread(Events interest) const {
    return interest.writable && (trigger_ == Trigger::level || !interest.readable);
  }

  SelectorMechanism& thread() {
    if (!thread_)
      thread_ = std::make_unique<ReadinessThread>(trigger_, [this] { signals_.wake(); });
    return thread_->selector();
  }

  bool is_known(int descriptor) const {
    auto number = static_cast<std::size_t>(descriptor);
    return descriptor >= 0 && number < entries_.size() && entries_[number].state != State::unknown;
  }

  Entry& find(int descriptor) {
    if (!is_known(descriptor)) fail(ENOENT);
    return entries_[static_cast<std::size_t>(descriptor)];
  }

  void hint(int descriptor) {
    Entry& entry = entries_[static_cast<std::size_t>(descriptor)];
    if (!std::exchange(entry.is_hinted, true)) hints_.push_back(descriptor);
  }

  void hint_at_all() {
    for (std::size_t i = 0; i < entries_.size(); ++i)
      if (entries_[i].state == State::signals) hint(static_cast<int>(i));
  }

  // Waits for the first, and takes those that are there.
  void take_signals(TimePoint until) {
    for (int taken = 0; taken < batch_max;) {
      siginfo_t info{};
      std::int64_t signal =
          signals_.take_interruptible(info, sys::Timeout(taken == 0 ? until : past));
      if (signal == -EINTR) continue;
      if (signal < 0) return;
      ++taken;
      std::optional<int> descriptor = sys::ReadinessSignals::descriptor_of(info);
      if (signal == SIGIO)
        hint_at_all();
      else if (descriptor && is_known(*descriptor))
        hint(*descriptor);
    }
  }

  // Reports what is ready of what was hinted at.
  void look() {
    if (trigger_ == Trigger::level) hint_at_all();
    polled_.clear();
    for (int descriptor : hints_) {
      Entry& entry = entries_[static_cast<std::size_t>(descriptor)];
      entry.is_hinted = false;
      if (entry.state == State::signals)
        polled_.push_back({.fd = descriptor, .events = events_of(entry.interest), .revents = 0});
    }
    hints_.clear();
    std::int64_t ready =
        polled_.empty() ? 0
                        : sys::retried([&] { return ::poll(polled_.data(), polled_.size(), 0); });
    for (const pollfd& polled : polled_) {
      // poll(2) fails for more descriptors than there may be by now (RLIMIT_NOFILE).
      report(find(polled.fd), ready < 0 ? polled.events : polled.revents);
    }
    if (!thread_) return;
    std::span<const Report> others = thread_->selector().wait(past);
    reports_.insert(reports_.end(), others.begin(), others.end());
  }

  void report(Entry& entry, short seen) {
    if ((seen & POLLNVAL) != 0) return;  // closed
    Events events = events_in(seen);
    if (entry.room == Room::to_be_tried) {
      entry.room = Room::tried;
      events.writable = true;
    }
    if (events.any()) reports_.push_back({.token = entry.token, .events = events});
  }

  short events_of(Events interest) const {
    if (trigger_ == Trigger::once) return poll_events({true, true, true});
    return poll_events(interest);
  }

  const Trigger trigger_;
  const std::uint32_t forks_ = sys::fork_count();
  sys::ReadinessSignals signals_;
  std::vector<Entry> entries_;  // by descriptor
  std::vector<int> hints_;
  std::vector<pollfd> polled_;  // kept for their memory
  std::vector<Report> reports_;
  std::unique_ptr<ReadinessThread> thread_;  // ends before what it tells
};

}  // namespace

std::unique_ptr<SelectorMechanism> make_signal_mechanism(Trigger trigger) {
  return std::make_unique<SignalMechanism>(trigger);
}

}  // namespace duet::io
