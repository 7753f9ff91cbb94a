// Busy polling: never waits in the kernel. Under Trigger::once, which the reactor uses, nobody asks
// the system what is ready, either: a direction that is armed is reported as perhaps ready, so that
// the caller tries its non-blocking call, and arms it again when that would block. One wait reports
// a bounded number, in turn. Under Trigger::level there is no rearm that tells what was tried, so
// poll(2) is asked again and again, without a timeout.

#include <array>
#include <utility>
#include <vector>

#include "duet/io/selector_mechanism.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

class SpinOnceMechanism final : public SelectorMechanism {
 public:
  void add(int descriptor, Events interest, std::uint64_t token) override {
    if (!sys::is_open(descriptor)) fail(EBADF);
    if (!interest.any()) fail(EINVAL);
    auto number = static_cast<std::size_t>(descriptor);
    if (number >= entries_.size()) entries_.resize(number + 1);
    if (std::exchange(entries_[number].is_known, true)) fail(EEXIST);
    entries_[number].token = token;
  }

  void modify(int descriptor, Events interest, std::uint64_t token) override {
    Entry& entry = find(descriptor);
    if (!interest.any()) fail(EINVAL);
    entry.token = token;
  }

  // What is queued of it is recognised by no longer being armed.
  void remove(int descriptor) override {
    if (!is_known(descriptor)) return;
    Entry& entry = entries_[static_cast<std::size_t>(descriptor)];
    entry.is_known = entry.is_armed[0] = entry.is_armed[1] = false;
  }

  std::span<const Report> wait(TimePoint deadline) override {
    for (;;) {
      std::size_t count = 0;
      while (count < reports_.size() && has_next()) {
        Side side = now_[at_++];
        Direction direction = side.direction();
        Entry& entry = entries_[side.descriptor()];
        entry.is_queued[index_of(direction)] = false;
        if (!std::exchange(entry.is_armed[index_of(direction)], false)) continue;
        reports_[count++] = {.token = entry.token,
                             .events = {.readable = direction == Direction::read,
                                        .writable = direction == Direction::write}};
      }
      if (count > 0 || Clock::now() >= deadline) return std::span(reports_).first(count);
    }
  }

  void rearm(int descriptor, Direction direction) override {
    Entry& entry = find(descriptor);
    entry.is_armed[index_of(direction)] = true;
    if (std::exchange(entry.is_queued[index_of(direction)], true)) return;
    later_.emplace_back(descriptor, direction);
  }

 private:
  static constexpr std::size_t batch_max = 128;

  struct Entry {  // one for each descriptor: its size is a cost of idle connections
    std::uint64_t token = 0;
    bool is_known = false;
    bool is_armed[2] = {};
    bool is_queued[2] = {};  // at most once, also if it is removed and added meanwhile
  };
  class Side {  // of a descriptor, in four bytes
   public:
    Side(int descriptor, Direction direction) noexcept
        : bits_(static_cast<std::uint32_t>(descriptor) << 1 | static_cast<unsigned>(direction)) {}
    std::size_t descriptor() const noexcept { return bits_ >> 1; }
    Direction direction() const noexcept { return static_cast<Direction>(bits_ & 1); }

   private:
    std::uint32_t bits_;
  };

  [[noreturn]] static void fail(int error) {
    throw IoError({error, std::system_category()}, "spin");
  }

  static std::size_t index_of(Direction direction) { return static_cast<std::size_t>(direction); }

  bool is_known(int descriptor) const {
    auto number = static_cast<std::size_t>(descriptor);
    return descriptor >= 0 && number < entries_.size() && entries_[number].is_known;
  }

  Entry& find(int descriptor) {
    if (!is_known(descriptor)) fail(ENOENT);
    return entries_[static_cast<std::size_t>(descriptor)];
  }

  bool has_next() {
    if (at_ < now_.size()) return true;
    at_ = 0;
    now_.clear();
    now_.swap(later_);
    return !now_.empty();
  }

  std::vector<Entry> entries_;  // by descriptor
  std::vector<Side> now_;       // a queue in two parts, in the order in which they are tried
  std::vector<Side> later_;
  std::size_t at_ = 0;  // of the next in now_
  std::array<Report, batch_max> reports_;
};

class SpinLevelMechanism final : public SelectorMechanism {
 public:
  void add(int descriptor, Events interest, std::uint64_t token) override {
    poll_->add(descriptor, interest, token);
  }
  void modify(int descriptor, Events interest, std::uint64_t token) override {
    poll_->modify(descriptor, interest, token);
  }
  void remove(int descriptor) override { poll_->remove(descriptor); }
  void rearm(int, Direction) override {}

  std::span<const Report> wait(TimePoint deadline) override {
    for (;;) {
      bool is_last = Clock::now() >= deadline;
      std::span<const Report> reports = poll_->wait(past);
      if (is_last || !reports.empty()) return reports;
    }
  }

 private:
  const std::unique_ptr<SelectorMechanism> poll_ = make_poll_mechanism(Trigger::level);
};

}  // namespace

std::unique_ptr<SelectorMechanism> make_spin_mechanism(Trigger trigger) {
  if (trigger == Trigger::once) return std::make_unique<SpinOnceMechanism>();
  return std::make_unique<SpinLevelMechanism>();
}

}  // namespace duet::io
