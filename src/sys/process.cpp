#include "sys/process.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "sys/call.hpp"

namespace duet::sys {

std::int64_t fork() noexcept {
  return interruptible([] { return ::fork(); });
}

pid_t this_process() noexcept { return ::getpid(); }

std::int64_t kill(pid_t process, int signal) noexcept {
  return interruptible([&] { return ::kill(process, signal); });
}

std::optional<pid_t> find_ended_child() noexcept {
  siginfo_t info{};
  std::int64_t result =
      retried([&] { return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT); });
  if (result < 0 || info.si_pid == 0) return std::nullopt;
  return info.si_pid;
}

std::optional<ExitStatus> reap(pid_t process) noexcept {
  siginfo_t info{};
  auto id = static_cast<id_t>(process);
  std::int64_t result = retried([&] { return ::waitid(P_PID, id, &info, WEXITED | WNOHANG); });
  if (result < 0 || info.si_pid == 0) return std::nullopt;
  return status_of(info);
}

ExitStatus status_of(const siginfo_t& ended) noexcept {
  ExitStatus status;
  if (ended.si_code == CLD_EXITED)
    status.code = ended.si_status;
  else
    status.signal = static_cast<Signal>(ended.si_status);
  return status;
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
  sigset_t taken;
  sigemptyset(&taken);
  for (int signal : {SIGTERM, SIGINT, SIGCHLD, SIGURG}) sigaddset(&taken, signal);
  pthread_sigmask(SIG_UNBLOCK, &taken, nullptr);
  if (::getppid() != parent) ::raise(SIGTERM);  // it went before prctl
}

void leave_child(int code) noexcept {
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace duet::sys
