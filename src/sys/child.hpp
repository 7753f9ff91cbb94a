#pragma once
// Programs run as children: thin wrappers that return a result or a negated errno. A child is known
// by its pidfd, pidfd_open(2), which means this child and no later one of the same number.

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "duet/sys/command.hpp"
#include "duet/sys/exit_status.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

struct StartedChild {
  pid_t process = -1;
  std::array<Fd, 3> ends;  // ours of its input, output and errors, where they are pipes
};

// Starts the program and returns its pidfd; an error of execve(2) is the result. It is made like
// vfork(2): no memory is copied, and the calling thread waits until the program has been loaded. It
// has the three standard descriptors and no other, and no signal is blocked or ignored in it.
std::int64_t start_child(const Command& command, StartedChild& started);

// Takes the end of a child, without waiting: EAGAIN while it runs, ECHILD when it has been taken.
std::int64_t reap_child(int pidfd, ExitStatus& status) noexcept;

std::int64_t signal_child(int pidfd, Signal signal) noexcept;

}  // namespace duet::sys
