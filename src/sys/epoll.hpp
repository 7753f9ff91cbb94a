#pragma once
// epoll(7): thin wrappers that return a result or a negated errno.

#include <sys/epoll.h>

#include <span>

#include "sys/call.hpp"
#include "sys/timeout.hpp"

namespace duet::sys {

inline std::int64_t open_epoll() noexcept {
  return interruptible([] { return ::epoll_create1(EPOLL_CLOEXEC); });
}

inline std::int64_t control_epoll(int epoll, int what, int descriptor,
                                  epoll_event& event) noexcept {
  return interruptible([&] { return ::epoll_ctl(epoll, what, descriptor, &event); });
}

inline std::int64_t wait_epoll_interruptible(int epoll, std::span<epoll_event> events,
                                             const Timeout& timeout) noexcept {
  return interruptible([&] {
    return ::epoll_pwait2(epoll, events.data(), static_cast<int>(events.size()), timeout.get(),
                          nullptr);
  });
}

}  // namespace duet::sys
