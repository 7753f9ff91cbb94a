// Earliest deadline first (Liu and Layland 1973); tasks without one come last.

#include "loop/turn_order/arrange.hpp"

namespace duet {

void deadline_order(JobQueue& turn) {
  sort_turn(turn,
            [](const CancelScope* scope) { return scope == nullptr ? never : scope->deadline(); });
}

}  // namespace duet
