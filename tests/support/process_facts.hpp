#pragma once
// What /proc tells of a process.

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "duet/base/time.hpp"

namespace duet::test {

// The descriptors that a process has open, in order.
std::vector<int> descriptors_of(pid_t process);

// The sockets, and the kernel's objects without a name, that a program it starts would inherit.
std::vector<int> inheritable_sockets_of(pid_t process);

// In the order of their making.
std::vector<pid_t> threads_of(pid_t process);

// The children that have not been reaped, and those of them that have ended.
std::vector<pid_t> children_of(pid_t process);
std::size_t zombies_of(pid_t process);

// Of the process and its children.
Duration cpu_time_of(pid_t process);
std::size_t resident_bytes_of(pid_t process);

// Whether the resident bytes have become at least `bytes` more than `before`; false under a
// sanitizer, which keeps what was freed.
bool has_grown_by(pid_t process, std::size_t before, std::size_t bytes);
void expect_growth_below(pid_t process, std::size_t before, std::size_t bytes);

}  // namespace duet::test
