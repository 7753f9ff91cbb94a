#pragma once
// Forked processes that run on with the program's own code: thin wrappers that return a result or a
// negated errno.

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>

#include "duet/sys/exit_status.hpp"

namespace duet::sys {

std::int64_t fork() noexcept;
pid_t this_process() noexcept;
std::int64_t kill(pid_t process, int signal) noexcept;

// A child that has ended, whoever's it is; it stays to be reaped.
std::optional<pid_t> find_ended_child() noexcept;

// Takes the end of one child, if it has ended.
std::optional<ExitStatus> reap(pid_t process) noexcept;

ExitStatus status_of(const siginfo_t& ended) noexcept;

// In a forked child: die with the parent's request (SIGTERM) when the parent is gone, take SIGTERM
// and SIGURG, which is ignored until then, by `on_signal`, and leave SIGINT to the parent. What
// else the parent blocks stays blocked.
void become_child(pid_t parent, void (*on_signal)(int));

// Ends the process without running anything of the parent's.
[[noreturn]] void leave_child(int code) noexcept;

}  // namespace duet::sys
