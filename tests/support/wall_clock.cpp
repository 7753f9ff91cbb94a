#include "support/wall_clock.hpp"

#include <dlfcn.h>

#include <atomic>
#include <ctime>

namespace {

std::atomic<long> ahead_s = 0;

}  // namespace

// Stands in for the C library's, in every library of the program. Theirs makes no system call.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto original =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = original(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += ahead_s.load();
  return result;
}

namespace duet::test {

void step_wall_clock(Delay by) {
  ahead_s += std::chrono::duration_cast<std::chrono::seconds>(Duration(by)).count();
}

}  // namespace duet::test
