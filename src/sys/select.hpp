#pragma once
// select(2) with a timeout in nanoseconds, pselect(2). Its sets end at FD_SETSIZE: a greater
// number in one would be written behind it.

#include <sys/select.h>

#include "sys/call.hpp"
#include "sys/timeout.hpp"

namespace duet::sys {

constexpr int selectable_max = FD_SETSIZE;

// How many are in the sets, which it leaves with what is ready; or a negated errno.
inline std::int64_t select_interruptible(int count, fd_set& readable, fd_set& writable,
                                         fd_set& exceptional, const Timeout& timeout) noexcept {
  return interruptible(
      [&] { return ::pselect(count, &readable, &writable, &exceptional, timeout.get(), nullptr); });
}

}  // namespace duet::sys
