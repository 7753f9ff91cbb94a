// Echo with one forked process per connection and blocking calls. Children end with their parent.

#include <sys/prctl.h>

#include "blocking_echo.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

[[noreturn]] void run_child(int listener, int fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(0);  // it died before the line above
  close(listener);
  echo_blocking(fd);
  _exit(0);
}

[[noreturn]] void accept_forever(int listener) {
  std::signal(SIGCHLD, SIG_IGN);  // children leave no zombies
  const pid_t self = getpid();
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && is_transient(errno)) continue;
    checked(fd, "accept");
    if (checked(fork(), "fork") == 0) run_child(listener, fd, self);
    close(fd);
  }
}

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  accept_forever(listen_on_loopback(argc, argv));
}
