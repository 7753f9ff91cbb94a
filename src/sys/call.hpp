#pragma once
// The conventions of system calls in duet: a result is never negative, or it is a negated errno;
// EINTR ends here, except in the functions named `…_interruptible`.

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "duet/base/error.hpp"

namespace duet::sys {

template <class Call>
std::int64_t interruptible(Call call) noexcept {
  std::int64_t result = call();
  return result < 0 ? -errno : result;
}

template <class Call>
std::int64_t retried(Call call) noexcept {
  for (;;) {
    std::int64_t result = interruptible(call);
    if (result != -EINTR) return result;
  }
}

inline std::error_code error_code(std::int64_t result) noexcept {
  return {static_cast<int>(-result), std::system_category()};
}

// For set-up code: throws IoError for a negated errno.
inline std::int64_t checked(std::int64_t result, const char* operation) {
  if (result < 0) throw IoError(error_code(result), operation);
  return result;
}

}  // namespace duet::sys
