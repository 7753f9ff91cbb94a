#pragma once
// Something to do at equal distances of time:
//
//   Ticker ticker(100ms);
//   for (;;) {
//     std::size_t missed = co_await ticker.next();
//     …
//   }
//
// The ticks are at whole multiples of the period after the ticker was made, however late each is
// taken: nothing drifts. Those that pass while nobody waits are counted, not made up for: after a
// stall comes one tick, not a burst. One loop's thread.

#include <cstddef>

#include "duet/loop/loop.hpp"

namespace duet {

class Ticker {
 public:
  // The first tick is one period from now. Throws std::invalid_argument unless the period is
  // positive.
  explicit Ticker(Delay period);

  // Completes at the next tick, or in the next turn if one has passed already; returns how many
  // more have passed than that one. Throws Cancelled, and then no tick is lost.
  Task<std::size_t> next();

 private:
  const Duration period_;
  TimePoint next_;
};

}  // namespace duet
