// Echo with one thread per connection and blocking calls.

#include <thread>

#include "blocking_echo.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

void run_connection(int fd) {
  echo_blocking(fd);
  close(fd);
}

[[noreturn]] void accept_forever(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && is_transient(errno)) continue;
    std::thread(run_connection, checked(fd, "accept")).detach();
  }
}

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  accept_forever(listen_on_loopback(argc, argv));
}
