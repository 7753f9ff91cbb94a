#pragma once
// Counts what this program takes from the heap by operator new, in all of its threads. Under a
// sanitizer, which has operators of its own, nothing is counted.

namespace duet::test {

long allocations_so_far() noexcept;

}  // namespace duet::test
