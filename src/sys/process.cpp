#include "sys/process.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "sys/call.hpp"

namespace duet::sys {

std::int64_t fork() noexcept {
  return interruptible([] { return ::fork(); });
}

pid_t this_process() noexcept { return ::getpid(); }

std::int64_t kill(pid_t process, int signal) noexcept {
  return interruptible([&] { return ::kill(process, signal); });
}

std::optional<EndedChild> reap_child() {
  int status = 0;
  std::int64_t process = retried([&] { return ::waitpid(-1, &status, WNOHANG); });
  if (process <= 0) return std::nullopt;
  EndedChild child{.process = static_cast<pid_t>(process), .crash = {}};
  if (WIFSIGNALED(status))
    child.crash = std::string("killed by signal ") + std::to_string(WTERMSIG(status)) + " (" +
                  ::strsignal(WTERMSIG(status)) + ")";
  return child;
}

void become_child(pid_t parent, void (*on_signal)(int)) {
  struct sigaction action{};
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGURG, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (::getppid() != parent) ::raise(SIGTERM);  // it went before prctl
}

void leave_child(int code) noexcept {
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace duet::sys
