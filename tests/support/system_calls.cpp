#include "support/system_calls.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "duet/base/time.hpp"
#include "sys/call.hpp"

namespace duet::test {
namespace {

constexpr Duration quiet = std::chrono::milliseconds(100);

long trace(__ptrace_request request, pid_t thread, long data) {
  return ::ptrace(request, thread, nullptr, data);
}

// Lets the thread go on from stop to stop, at the beginning and the end of each call, until it has
// stayed in one for a while after `is_over`. Returns the number of stops.
long count_stops(pid_t thread, const std::atomic<bool>& is_over) {
  long stops = 0;
  TimePoint last = Clock::now();
  while (!is_over || Clock::now() - last < quiet) {
    int status = 0;
    if (::waitpid(thread, &status, __WALL | WNOHANG) != thread) {
      std::this_thread::yield();
      continue;
    }
    last = Clock::now();
    bool is_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
    bool is_signal = !is_call && WSTOPSIG(status) != SIGTRAP;
    if (is_call) ++stops;
    trace(PTRACE_SYSCALL, thread, is_signal ? WSTOPSIG(status) : 0);
  }
  return stops;
}

}  // namespace

long system_calls_of(pid_t thread, const std::function<void()>& action) {
  sys::checked(
      sys::interruptible([&] { return trace(PTRACE_SEIZE, thread, PTRACE_O_TRACESYSGOOD); }),
      "ptrace");
  // Interrupted, the thread begins the call that it waits in anew: that is the first stop.
  trace(PTRACE_INTERRUPT, thread, 0);
  int status = 0;
  ::waitpid(thread, &status, __WALL);
  trace(PTRACE_SYSCALL, thread, 0);
  std::atomic<bool> is_over = false;
  std::thread acting([&] {
    action();
    is_over = true;
  });
  long stops = count_stops(thread, is_over);
  acting.join();
  trace(PTRACE_INTERRUPT, thread, 0);
  ::waitpid(thread, &status, __WALL);
  trace(PTRACE_DETACH, thread, 0);
  return (stops - 1) / 2;
}

}  // namespace duet::test
