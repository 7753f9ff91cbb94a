#include "sys/limits.hpp"

#include <sys/resource.h>

#include <csignal>

namespace duet::sys {

void raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void ignore_broken_pipes() noexcept { ::signal(SIGPIPE, SIG_IGN); }

}  // namespace duet::sys
