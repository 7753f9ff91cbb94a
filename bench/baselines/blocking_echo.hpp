// The echo of one connection with blocking calls, for whoever has a thread or a process to block.
// Returns when the peer is done or gone; the descriptor stays the caller's.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "server.hpp"

namespace duet::bench {

inline bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

inline void echo_blocking(int fd) {
  std::array<char, buffer_bytes> buffer;
  for (;;) {
    const ssize_t received = recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0 || !send_all(fd, buffer.data(), static_cast<std::size_t>(received))) return;
  }
}

}  // namespace duet::bench
