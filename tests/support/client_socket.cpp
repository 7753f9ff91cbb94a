#include "support/client_socket.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "duet/base/error.hpp"
#include "support/test_scale.hpp"
#include "sys/call.hpp"
#include "sys/socket.hpp"

namespace duet::test {
namespace {

std::size_t check(std::int64_t result, const char* what) {
  return static_cast<std::size_t>(sys::checked(result, what));
}

}  // namespace

ClientSocket::ClientSocket(const Address& to)
    : socket_(static_cast<int>(check(sys::open_socket(to.family), "client: socket"))) {
  int one = 1;
  ::setsockopt(get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  check(sys::connect_interruptible(get(), sys::SocketAddress(to)), "client: connect");
  // Set after connect(2), which with a time-out is not begun anew when something interrupts it, and
  // a ring that this process has closed may do so.
  // With many rounds in a test the answer takes longer.
  auto limit_time =
      std::chrono::duration_cast<std::chrono::seconds>(patience * std::max(1.0, test_scale()));
  timeval limit{.tv_sec = limit_time.count()};
  ::setsockopt(get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

std::size_t ClientSocket::send_some(std::string_view bytes, int flags) {
  return check(
      sys::retried([&] { return ::send(get(), bytes.data(), bytes.size(), flags | MSG_NOSIGNAL); }),
      "client: send");
}

std::size_t ClientSocket::receive_into(char* memory, std::size_t room, int flags) {
  return check(sys::retried([&] { return ::recv(get(), memory, room, flags); }), "client: receive");
}

void ClientSocket::send(std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(send_some(bytes, 0));
}

void ClientSocket::send_urgent(char byte) { send_some({&byte, 1}, MSG_OOB); }

void ClientSocket::send_and_finish(std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(send_some(bytes, MSG_MORE));
  finish();
}

std::size_t ClientSocket::send_until_stuck(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size() && wait(POLLOUT, std::chrono::milliseconds(300))) {
    std::int64_t result = sys::retried([&] {
      return ::send(get(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (result != -EAGAIN) sent += check(result, "client: send");
  }
  return sent;
}

std::string ClientSocket::receive(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t at = 0; at < count;) {
    std::size_t n = receive_into(bytes.data() + at, count - at, 0);
    if (n == 0) throw IoError(Errc::end_of_stream, "client: receive");
    at += n;
  }
  return bytes;
}

std::string ClientSocket::receive_some() {
  std::array<char, 65536> room;
  return {room.data(), receive_into(room.data(), room.size(), 0)};
}

std::string ClientSocket::receive_rest() {
  std::string rest;
  for (;;) {
    std::string some = receive_some();
    if (some.empty()) return rest;
    rest += some;
  }
}

std::string ClientSocket::exchange(std::string_view bytes) {
  std::string received;
  std::size_t sent = 0;
  while (received.size() < bytes.size()) {
    bool sends = sent < bytes.size();
    if (!wait(static_cast<short>(POLLIN | (sends ? POLLOUT : 0)), patience))
      throw IoError(Errc::timed_out, "client: exchange");
    if (sends) {
      std::int64_t result = sys::retried([&] {
        return ::send(get(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      });
      if (result != -EAGAIN) sent += check(result, "client: send");
    }
    if (!wait(POLLIN, Duration::zero())) continue;
    std::string some = receive_some();
    if (some.empty()) throw IoError(Errc::end_of_stream, "client: exchange");
    received += some;
  }
  return received;
}

bool ClientSocket::is_answered_within(Duration limit) { return wait(POLLIN, limit); }

bool ClientSocket::wait(short events, Duration limit) {
  pollfd polled{.fd = get(), .events = events, .revents = 0};
  auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return check(sys::retried([&] { return ::poll(&polled, 1, static_cast<int>(limit_ms)); }),
               "client: poll") > 0;
}

void ClientSocket::finish() { check(sys::shutdown_writing(get()), "client: shutdown"); }

void ClientSocket::reset() {
  linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close();
}

Address ClientSocket::local() const {
  sys::SocketAddress name;
  check(sys::local_name(get(), name), "client: getsockname");
  return name.value();
}

std::string pattern(std::size_t count, unsigned seed) {
  std::string bytes(count, '\0');
  std::uint32_t state = seed * 2654435761U + 1;
  for (char& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace duet::test
