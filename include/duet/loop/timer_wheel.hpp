#pragma once
// The timers of a loop: a hierarchical wheel (Varghese and Lauck 1987) with a resolution of 1 ms.
// Adding and removing a timer are a few instructions, whatever the number of timers. A timer never
// fires early; timers fire in the order of their deadlines, equal ones in the order of their start.
// One thread. The wheel owns no timer.

#include <array>
#include <cstdint>
#include <vector>

#include "duet/base/list.hpp"
#include "duet/base/time.hpp"

namespace duet {

class Timer : public ListNode {
 public:
  // Called by the loop between two tasks; it may queue jobs and change timers, but runs no task.
  using Fire = void (*)(Timer&);

  explicit Timer(Fire fire) noexcept : fire_(fire) {}
  Timer(const Timer& other) noexcept : ListNode(other), fire_(other.fire_) {}  // a copy is not set
  bool is_set() const noexcept { return is_linked(); }

  // Of the last time it was set; `never` before.
  TimePoint due() const noexcept { return deadline_; }

 private:
  friend class TimerWheel;
  Fire fire_;
  TimePoint deadline_ = never;
  std::uint64_t order_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint now) noexcept : start_(now) {}

  void add(Timer& timer, TimePoint deadline) noexcept;  // not set already
  void remove(Timer& timer) noexcept;                   // also if it is not set

  // Fires what is due.
  void advance(TimePoint now);

  // No timer is due before this time; `never` when there is none at all.
  TimePoint next() const noexcept;

  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1U << slot_bits;
  static constexpr unsigned levels = 7;  // 2^42 ms, 139 years
  static constexpr Duration resolution = std::chrono::milliseconds(1);

  struct Level {
    std::uint64_t occupied = 0;  // a bit per slot that may hold timers
    std::array<List<Timer>, slots> lists;
  };
  struct Expiry {
    unsigned level;
    unsigned slot;
    std::uint64_t tick;
  };

  std::uint64_t tick_of(TimePoint deadline) const noexcept;
  void place(Timer& timer) noexcept;
  bool find_next(Expiry& found) const noexcept;
  void fire(List<Timer>& due);

  std::size_t size_ = 0;
  const TimePoint start_;
  std::uint64_t now_tick_ = 0;
  std::uint64_t order_ = 0;
  List<Timer> due_;  // deadlines that had passed when they were added
  std::array<Level, levels> levels_;
  std::vector<Timer*> batch_;  // kept for its memory
};

}  // namespace duet
