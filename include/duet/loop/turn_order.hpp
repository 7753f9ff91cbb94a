#pragma once
// In which order a loop runs what is ready in a turn. A turn is everything that was ready when it
// began, and all of it runs before the loop looks for more: whatever the order, nobody starves.
// Under models with a loop for each connection there is next to nothing to order: there it is the
// kernel that decides whose turn it is.

#include <array>
#include <string_view>

#include "duet/base/job.hpp"

namespace duet {

// Arranges the jobs of a turn anew. Called on the loop's thread.
using TurnOrder = void (*)(JobQueue& turn);

void fifo_order(JobQueue& turn);      // who is ready first runs first: the default
void priority_order(JobQueue& turn);  // tasks of a higher priority first; see prioritized
void deadline_order(JobQueue& turn);  // tasks whose deadline is nearer first; see within

struct NamedTurnOrder {
  std::string_view name;
  TurnOrder order;
};
inline constexpr std::array turn_orders = {
    NamedTurnOrder{"fifo", fifo_order},
    NamedTurnOrder{"priority", priority_order},
    NamedTurnOrder{"deadline", deadline_order},
};

}  // namespace duet
