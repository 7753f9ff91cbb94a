#pragma once
// What a completion of the ring means for its operation. No state but the operation's own words and
// what is transferred so far.

#include "io/engine/uring_entries.hpp"

namespace duet::io {

// Finishes the operation, or returns false when there is more to do: it is to be started again.
// `asked` is the ending that the loop has asked for, which is the outcome if the operation took no
// effect.
bool finish(Operation& operation, UringSlot* slot, std::int64_t result, Ending asked);

}  // namespace duet::io
