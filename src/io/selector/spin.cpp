// Busy polling: never waits in the kernel. Under Trigger::once, which the reactor uses, nobody asks
// the system what is ready, either: a direction that is armed is reported as perhaps ready, so that
// the caller tries its non-blocking call, and arms it again when that would block. One wait reports
// a bounded number, in turn. Under Trigger::level there is no rearm that tells what was tried, so
// poll(2) is asked again and again, without a timeout.

#include <array>
#include <unordered_map>

#include "duet/base/list.hpp"
#include "duet/io/selector_mechanism.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

class SpinOnceMechanism final : public SelectorMechanism {
 public:
  void add(int descriptor, Events interest, std::uint64_t token) override {
    if (!sys::is_open(descriptor)) fail(EBADF);
    if (!interest.any()) fail(EINVAL);
    if (!entries_.try_emplace(descriptor, token).second) fail(EEXIST);
  }

  void modify(int descriptor, Events interest, std::uint64_t token) override {
    Entry& entry = find(descriptor);
    if (!interest.any()) fail(EINVAL);
    entry.token = token;
  }

  void remove(int descriptor) override { entries_.erase(descriptor); }

  std::span<const Report> wait(TimePoint deadline) override {
    while (armed_.empty() && Clock::now() < deadline) {
    }
    std::size_t count = 0;
    for (; !armed_.empty() && count < reports_.size(); ++count) {
      Side& side = armed_.front();
      side.unlink();
      reports_[count] = {.token = side.entry->token,
                         .events = {.readable = side.direction == Direction::read,
                                    .writable = side.direction == Direction::write}};
    }
    return std::span(reports_).first(count);
  }

  void rearm(int descriptor, Direction direction) override {
    Side& side = find(descriptor).sides[static_cast<std::size_t>(direction)];
    if (!side.is_linked()) armed_.push_back(side);
  }

 private:
  static constexpr std::size_t batch_max = 128;

  struct Entry;
  struct Side : ListNode {
    Side(Entry* of, Direction which) noexcept : entry(of), direction(which) {}
    Entry* const entry;
    const Direction direction;
  };
  struct Entry {
    explicit Entry(std::uint64_t its_token) noexcept : token(its_token) {}
    std::uint64_t token;
    Side sides[2] = {{this, Direction::read}, {this, Direction::write}};
  };

  [[noreturn]] static void fail(int error) {
    throw IoError({error, std::system_category()}, "spin");
  }

  Entry& find(int descriptor) {
    auto found = entries_.find(descriptor);
    if (found == entries_.end()) fail(ENOENT);
    return found->second;
  }

  List<Side> armed_;  // in the order in which they are tried
  std::unordered_map<int, Entry> entries_;
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
