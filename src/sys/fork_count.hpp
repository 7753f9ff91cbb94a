#pragma once
// How a copy of an object learns that it is in a forked child, without a system call: a process has
// counted one fork more than its parent had.

#include <cstdint>

namespace duet::sys {

// The forks between this process and the one that called this first. Any thread.
std::uint32_t fork_count() noexcept;

}  // namespace duet::sys
