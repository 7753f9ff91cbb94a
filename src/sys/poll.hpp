#pragma once
// poll(2) with a timeout in nanoseconds, ppoll(2).

#include <fcntl.h>
#include <poll.h>

#include <span>

#include "sys/call.hpp"
#include "sys/timeout.hpp"

namespace duet::sys {

// How many are ready, or a negated errno.
inline std::int64_t poll_interruptible(std::span<pollfd> polled, const Timeout& timeout) noexcept {
  return interruptible(
      [&] { return ::ppoll(polled.data(), polled.size(), timeout.get(), nullptr); });
}

// Whether a call would not block; errors and ends are ready.
inline bool is_ready(int descriptor, short events) noexcept {
  pollfd probe{.fd = descriptor, .events = events, .revents = 0};
  return retried([&] { return ::poll(&probe, 1, 0); }) > 0;
}

// Another descriptor of the same description. Throws IoError, of the call named.
inline int duplicate(int descriptor, const char* call = "dup") {
  return static_cast<int>(
      checked(interruptible([&] { return ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }), call));
}

inline bool is_open(int descriptor) noexcept {
  pollfd probe{.fd = descriptor, .events = 0, .revents = 0};
  retried([&] { return ::poll(&probe, 1, 0); });
  return descriptor >= 0 && (probe.revents & POLLNVAL) == 0;
}

}  // namespace duet::sys
