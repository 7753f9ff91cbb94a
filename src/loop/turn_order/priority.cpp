#include "loop/turn_order/arrange.hpp"

namespace duet {

void priority_order(JobQueue& turn) {
  sort_turn(turn,
            [](const CancelScope* scope) { return scope == nullptr ? 0 : -scope->priority(); });
}

}  // namespace duet
