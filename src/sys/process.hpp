#pragma once
// Child processes: thin wrappers that return a result or a negated errno.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace duet::sys {

std::int64_t fork() noexcept;
pid_t this_process() noexcept;
std::int64_t kill(pid_t process, int signal) noexcept;

// The next child that has ended, without waiting. `crash` says how, when it was killed by a signal.
struct EndedChild {
  pid_t process;
  std::string crash;
};
std::optional<EndedChild> reap_child();

// In a forked child: die with the parent's request (SIGTERM) when the parent is gone, take SIGTERM
// and SIGURG, which is ignored until then, by `on_signal`, leave SIGINT to the parent, and no
// longer hold back any signal.
void become_child(pid_t parent, void (*on_signal)(int));

// Ends the process without running anything of the parent's.
[[noreturn]] void leave_child(int code) noexcept;

}  // namespace duet::sys
