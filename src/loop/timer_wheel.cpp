// A timer stands in the level of the highest bit in which its tick differs from the wheel's. The
// wheel steps from one occupied slot to the next: a slot of level 0 is due, a slot of a higher
// level is emptied into lower ones.

#include "duet/loop/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace duet {

void TimerWheel::add(Timer& timer, TimePoint deadline) noexcept {
  timer.deadline_ = deadline;
  timer.order_ = ++order_;
  ++size_;
  place(timer);
}

void TimerWheel::remove(Timer& timer) noexcept {
  if (!timer.is_set()) return;
  timer.unlink();
  --size_;
}

std::uint64_t TimerWheel::tick_of(TimePoint deadline) const noexcept {
  if (deadline <= start_) return 0;  // compared first: `past` has no distance from anything
  return static_cast<std::uint64_t>((deadline - start_ - Duration(1)) / resolution + 1);
}

void TimerWheel::place(Timer& timer) noexcept {
  std::uint64_t tick = tick_of(timer.deadline_);
  if (tick <= now_tick_) return due_.push_back(timer);
  constexpr std::uint64_t span = (std::uint64_t{1} << slot_bits * levels) - 1;
  tick = std::min(tick, now_tick_ | span);  // farther: looked at again then
  unsigned level = (63U - static_cast<unsigned>(std::countl_zero(tick ^ now_tick_))) / slot_bits;
  if (tick == now_tick_) level = 0;
  unsigned slot = (tick >> level * slot_bits) % slots;
  levels_[level].occupied |= std::uint64_t{1} << slot;
  levels_[level].lists[slot].push_back(timer);
}

bool TimerWheel::find_next(Expiry& found) const noexcept {
  for (unsigned level = 0; level < levels; ++level) {
    std::uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) continue;
    // Slots of one level lie ahead of the wheel within one turn, so the lowest bit is the next.
    auto slot = static_cast<unsigned>(std::countr_zero(occupied));
    unsigned shift = level * slot_bits;
    std::uint64_t turn = now_tick_ >> shift >> slot_bits << slot_bits;
    found = {level, slot, (turn | slot) << shift};
    return true;
  }
  return false;
}

void TimerWheel::advance(TimePoint now) {
  auto target = static_cast<std::uint64_t>(std::max(now - start_, Duration::zero()) / resolution);
  List<Timer> due;
  due.append(due_);
  for (Expiry next{}; find_next(next) && next.tick <= target;) {
    Level& level = levels_[next.level];
    level.occupied &= ~(std::uint64_t{1} << next.slot);
    now_tick_ = std::max(now_tick_, next.tick);
    List<Timer> moved;
    moved.append(level.lists[next.slot]);
    if (next.level == 0) {
      due.append(moved);
      continue;
    }
    while (!moved.empty()) {
      Timer& timer = moved.front();
      timer.unlink();
      place(timer);
    }
    due.append(due_);
  }
  now_tick_ = std::max(now_tick_, target);
  if (!due.empty()) fire(due);
}

void TimerWheel::fire(List<Timer>& due) {
  batch_.clear();
  due.for_each([this](Timer& timer) { batch_.push_back(&timer); });
  if (batch_.size() > 1) {
    std::ranges::sort(batch_, [](const Timer* a, const Timer* b) {
      return a->deadline_ != b->deadline_ ? a->deadline_ < b->deadline_ : a->order_ < b->order_;
    });
    for (Timer* timer : batch_) timer->unlink();
    for (Timer* timer : batch_) due.push_back(*timer);
  }
  // From the list, not the batch: firing one timer may remove another.
  while (!due.empty()) {
    Timer& timer = due.front();
    remove(timer);
    timer.fire_(timer);
  }
}

TimePoint TimerWheel::next() const noexcept {
  Expiry found{};
  if (size_ == 0) return never;
  if (!due_.empty()) return past;
  if (!find_next(found)) return never;
  return start_ + resolution * static_cast<Duration::rep>(found.tick);
}

}  // namespace duet
