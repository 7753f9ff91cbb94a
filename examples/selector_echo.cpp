// The classic event loop by hand: an echo server over a Selector, and nothing else of duet.
// Everything is a callback here; with the rest of duet it is examples/echo.cpp.
//
//     selector_echo [PORT [MECHANISM]]      port 7000; 0 takes a free one

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <duet/io/selector.hpp>
#include <functional>
#include <string>

using namespace duet;

using Handler = std::function<void(Events)>;
using Handlers = Selector<Handler>;

// A connection: the bytes that are still to be sent back.
struct Connection {
  Handlers& selector;
  int fd;
  std::string unsent = {};

  void handle(Events events) {
    if (events.readable && unsent.empty() && !receive()) return close();
    if (!send()) return close();
    // Reads on when all is sent, so that a client that does not read cannot fill our memory.
    selector.modify(fd, {.readable = unsent.empty(), .writable = !unsent.empty()});
  }

  bool receive() {
    std::array<char, 4096> buffer;
    ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN;
    unsent.assign(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  bool send() {
    if (unsent.empty()) return true;
    ssize_t count = ::send(fd, unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN;
    unsent.erase(0, static_cast<std::size_t>(count));
    return true;
  }

  void close() {
    int closed = fd;
    Handlers::Key key = selector.remove(closed);  // keeps this connection until the end of the call
    ::close(closed);
  }
};

int main(int argc, char** argv) {
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{
      .sin_family = AF_INET,
      .sin_port = htons(static_cast<in_port_t>(argc > 1 ? std::atoi(argv[1]) : 7000)),
      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
      .sin_zero = {}};
  int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0)
    return std::perror("listen"), 1;

  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);

  Handlers selector = argc > 2 ? Handlers(argv[2]) : default_selector<Handler>();
  std::printf("listening on 127.0.0.1:%d by %s\n", ntohs(address.sin_port),
              std::string(selector.mechanism()).c_str());
  std::fflush(stdout);
  selector.add(listener, {.readable = true}, [&](Events) {
    int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;  // beyond RLIMIT_NOFILE it is told again, and again, until another ends
    auto connection = std::make_shared<Connection>(selector, fd);
    try {
      selector.add(fd, {.readable = true},
                   [connection](Events events) { connection->handle(events); });
    } catch (const IoError& refused) {  // select(2) waits for descriptors below 1024
      std::fprintf(stderr, "%s\n", refused.what());
      ::close(fd);
    }
  });
  for (;;)
    for (auto [key, events] : selector.wait()) key.data(events);
}
