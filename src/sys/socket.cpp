#include "sys/socket.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "sys/call.hpp"

namespace duet::sys {
namespace {

int domain_of(Address::Family family) noexcept {
  switch (family) {
    case Address::Family::ip4: return AF_INET;
    case Address::Family::ip6: return AF_INET6;
    case Address::Family::local: return AF_UNIX;
    case Address::Family::none: break;
  }
  return AF_UNSPEC;
}

std::int64_t set_reset_at_close(int socket, int value) noexcept {
  linger time{.l_onoff = value, .l_linger = 0};
  return interruptible(
      [&] { return ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &time, sizeof time); });
}

}  // namespace

std::int64_t open_socket(Address::Family family) noexcept {
  return interruptible([&] { return ::socket(domain_of(family), SOCK_STREAM | SOCK_CLOEXEC, 0); });
}

std::int64_t bind(int socket, const Address& address) noexcept {
  SocketAddress name(address);
  return interruptible([&] { return ::bind(socket, name.get(), name.length); });
}

std::int64_t listen(int socket, int backlog) noexcept {
  return interruptible([&] { return ::listen(socket, backlog); });
}

std::int64_t set_option(int socket, SocketOption option, int value) noexcept {
  auto set = [&](int level, int name) {
    return interruptible([&] { return ::setsockopt(socket, level, name, &value, sizeof value); });
  };
  switch (option) {
    case SocketOption::no_delay: return set(IPPROTO_TCP, TCP_NODELAY);
    case SocketOption::reuse_address: return set(SOL_SOCKET, SO_REUSEADDR);
    case SocketOption::reuse_port: return set(SOL_SOCKET, SO_REUSEPORT);
    case SocketOption::only_ip6: return set(IPPROTO_IPV6, IPV6_V6ONLY);
    case SocketOption::reset_at_close: return set_reset_at_close(socket, value);
  }
  return -EINVAL;
}

std::int64_t local_name(int socket, SocketAddress& name) noexcept {
  return interruptible([&] { return ::getsockname(socket, name.get(), &name.length); });
}

std::int64_t shutdown_writing(int socket) noexcept {
  return interruptible([&] { return ::shutdown(socket, SHUT_WR); });
}

std::int64_t pending_error(int socket) noexcept {
  int error = 0;
  socklen_t length = sizeof error;
  std::int64_t result =
      interruptible([&] { return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length); });
  return result < 0 ? result : -error;
}

bool is_connected(int socket) noexcept {
  SocketAddress peer;
  return ::getpeername(socket, peer.get(), &peer.length) == 0;
}

std::int64_t accept_interruptible(int listener, SocketAddress& peer) noexcept {
  return interruptible([&] { return ::accept4(listener, peer.get(), &peer.length, SOCK_CLOEXEC); });
}

std::int64_t connect_interruptible(int socket, const SocketAddress& peer) noexcept {
  auto* name = reinterpret_cast<const sockaddr*>(&peer.storage);
  return interruptible([&] { return ::connect(socket, name, peer.length); });
}

std::int64_t receive_interruptible(int socket, std::span<std::byte> buffer, Mode mode,
                                   bool whole) noexcept {
  int flags = mode == Mode::nonblocking ? MSG_DONTWAIT : whole ? MSG_WAITALL : 0;
  return interruptible([&] { return ::recv(socket, buffer.data(), buffer.size(), flags); });
}

std::int64_t send_interruptible(int socket, std::span<const std::byte> buffer, Mode mode) noexcept {
  int flags = MSG_NOSIGNAL | (mode == Mode::nonblocking ? MSG_DONTWAIT : 0);
  return interruptible([&] { return ::send(socket, buffer.data(), buffer.size(), flags); });
}

std::int64_t send_interruptible(int socket, std::span<const std::byte> first,
                                std::span<const std::byte> second, Mode mode) noexcept {
  int flags = MSG_NOSIGNAL | (mode == Mode::nonblocking ? MSG_DONTWAIT : 0);
  Gather gather(first, second);
  return interruptible([&] { return ::sendmsg(socket, &gather.message, flags); });
}

Gather::Gather(std::span<const std::byte> first, std::span<const std::byte> second) noexcept
    : parts{{const_cast<std::byte*>(first.data()), first.size()},
            {const_cast<std::byte*>(second.data()), second.size()}} {
  message.msg_iov = parts;
  message.msg_iovlen = 2;
}

std::int64_t read_interruptible(int descriptor, std::span<std::byte> buffer) noexcept {
  return interruptible([&] { return ::read(descriptor, buffer.data(), buffer.size()); });
}

std::int64_t write_interruptible(int descriptor, std::span<const std::byte> buffer) noexcept {
  return interruptible([&] { return ::write(descriptor, buffer.data(), buffer.size()); });
}

std::int64_t set_mode(int descriptor, Mode mode) noexcept {
  std::int64_t flags = interruptible([&] { return ::fcntl(descriptor, F_GETFL); });
  if (flags < 0) return flags;
  bool is_nonblocking = (flags & O_NONBLOCK) != 0;
  if (is_nonblocking != (mode == Mode::nonblocking)) {
    int changed = static_cast<int>(flags) ^ O_NONBLOCK;
    std::int64_t result = interruptible([&] { return ::fcntl(descriptor, F_SETFL, changed); });
    if (result < 0) return result;
  }
  return static_cast<std::int64_t>(is_nonblocking ? Mode::nonblocking : Mode::blocking);
}

}  // namespace duet::sys
