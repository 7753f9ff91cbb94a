// What every baseline server does before and beside serving: listens on 127.0.0.1, says where, and
// ends with status 0 on SIGTERM or SIGINT. None of it is in the path that is measured.
//
// A baseline owns nothing that must outlive it, so the signal handler leaves at once by _exit. It
// is what somebody would write by hand for one model, in one file: any other use of a header here
// would hide the thing to compare with. Errors at start are one line on standard error, exit 1.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace duet::bench {

// Larger receive buffers fell into a slow mode on some machines; smaller ones cut messages.
constexpr std::size_t buffer_bytes = 16 * 1024;

// Returns the result of a system call, or ends the program with its error.
inline int checked(int result, const char* call) {
  if (result >= 0) return result;
  std::fprintf(stderr, "%s: %s\n", call, std::strerror(errno));
  std::exit(1);
}

inline bool is_transient(int error) {
  return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

inline in_port_t parse_port(int argc, char** argv) {
  in_port_t port = 0;
  if (argc == 1) return port;
  const std::string_view text = argc == 3 ? argv[2] : "";
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  if (argc == 3 && argv[1] == std::string_view("--port") && error == std::errc() &&
      end == text.end()) {
    return port;
  }
  std::fprintf(stderr, "usage: %s [--port PORT]\n", argv[0]);
  std::exit(2);
}

// Returns a listening socket with the given extra socket flags, after saying so on standard output.
// Accepted sockets inherit TCP_NODELAY from it (tcp(7) is silent; Linux copies the option).
inline int listen_on_loopback(int argc, char** argv, int socket_flags = 0) {
  for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, [](int) { _exit(0); });
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons(parse_port(argc, argv)),
                      .sin_addr = {htonl(INADDR_LOOPBACK)},
                      .sin_zero = {}};
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  const int fd = checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | socket_flags, 0), "socket");
  checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  checked(bind(fd, generic, length), "bind");
  checked(listen(fd, SOMAXCONN), "listen");
  checked(getsockname(fd, generic, &length), "getsockname");
  std::printf("listening on tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

}  // namespace duet::bench
