#include "duet/sys/exit_status.hpp"

#include <csignal>
#include <cstring>

namespace duet {

static_assert(static_cast<int>(Signal::user1) == SIGUSR1);
static_assert(static_cast<int>(Signal::user2) == SIGUSR2);
static_assert(static_cast<int>(Signal::child_ended) == SIGCHLD);
static_assert(static_cast<int>(Signal::resume) == SIGCONT);
static_assert(static_cast<int>(Signal::stop) == SIGSTOP);
static_assert(static_cast<int>(Signal::window_changed) == SIGWINCH);

std::string ExitStatus::text() const {
  if (!signal) return "exit code " + std::to_string(code);
  int number = static_cast<int>(*signal);
  const char* name = ::sigdescr_np(number);
  std::string text = "killed by signal " + std::to_string(number);
  return name == nullptr ? text : text + " (" + name + ")";
}

}  // namespace duet
