#pragma once
// What the system says of itself and of this process's limits: thin readers, callable from any
// thread, that throw nothing. A value that cannot be read is absent, or zero where it says so.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace duet::sys {

// Of getrlimit(2). `soft` is in force; a process may raise it up to `hard`, and only root beyond.
struct Limit {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

Limit descriptor_limit() noexcept;      // RLIMIT_NOFILE
Limit pending_signal_limit() noexcept;  // RLIMIT_SIGPENDING: queued signals and timers of the user
Limit locked_bytes_limit() noexcept;    // RLIMIT_MEMLOCK

std::string kernel_release();      // "6.1.0-18-amd64", uname(2)
std::string libc_version();        // "glibc 2.36", empty for other C libraries
unsigned usable_cores() noexcept;  // those this process may run on, sched_getaffinity(2)

// The text of a file of proc(5) or sysfs(5) without the last line feed.
std::optional<std::string> text_of(const std::string& path);

// The cores' worth of time that the control group allows (cgroups(7), both versions): 1.5 for
// 150 ms in each 100 ms; none for no quota.
std::optional<double> cores_of_quota();

}  // namespace duet::sys
