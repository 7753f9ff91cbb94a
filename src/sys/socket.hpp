#pragma once
// Sockets: thin wrappers that return a result or a negated errno. Every descriptor made here is
// close-on-exec, and a peer that went away gives EPIPE, never SIGPIPE.

#include <cstddef>
#include <cstdint>
#include <span>

#include "duet/sys/socket_option.hpp"
#include "sys/socket_address.hpp"

namespace duet::sys {

// Two pieces of memory as sendmsg(2) wants them. Stays where it is.
struct Gather {
  Gather(std::span<const std::byte> first, std::span<const std::byte> second) noexcept;
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;

  iovec parts[2];
  msghdr message{};
};

enum class Mode : bool { blocking, nonblocking };

std::int64_t open_socket(Address::Family family) noexcept;
std::int64_t bind(int socket, const Address& address) noexcept;
std::int64_t listen(int socket, int backlog) noexcept;
std::int64_t set_option(int socket, SocketOption option, int value) noexcept;
std::int64_t local_name(int socket, SocketAddress& name) noexcept;
std::int64_t shutdown_writing(int socket) noexcept;
std::int64_t pending_error(int socket) noexcept;  // SO_ERROR, negated
bool is_connected(int socket) noexcept;

std::int64_t accept_interruptible(int listener, SocketAddress& peer) noexcept;
std::int64_t connect_interruptible(int socket, const SocketAddress& peer) noexcept;
std::int64_t receive_interruptible(int socket, std::span<std::byte> buffer, Mode mode,
                                   bool whole) noexcept;
std::int64_t send_interruptible(int socket, std::span<const std::byte> buffer, Mode mode) noexcept;
std::int64_t send_interruptible(int socket, std::span<const std::byte> first,
                                std::span<const std::byte> second, Mode mode) noexcept;

// Pipes and other descriptors without MSG_DONTWAIT: the descriptor's own mode decides.
std::int64_t read_interruptible(int descriptor, std::span<std::byte> buffer) noexcept;
std::int64_t write_interruptible(int descriptor, std::span<const std::byte> buffer) noexcept;

// Returns the mode that the descriptor had, or a negated errno.
std::int64_t set_mode(int descriptor, Mode mode) noexcept;

}  // namespace duet::sys
