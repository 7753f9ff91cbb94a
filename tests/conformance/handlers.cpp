#include "conformance/handlers.hpp"

#include <array>

#include "support/client_socket.hpp"

namespace duet::test {

Task<> echo(Stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);
    if (n == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(n));
  }
}

Task<> count_bytes(Stream peer) {
  std::array<std::byte, 4096> buffer;
  std::size_t count = 0;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);
    if (n == 0) break;
    count += n;
  }
  std::string text = std::to_string(count);
  co_await peer.write_all(bytes_of(text));
}

Task<> send_pattern(Stream peer, std::size_t count) {
  std::string bytes = pattern(count);
  co_await peer.write_all(bytes_of(bytes));
}

Task<> answer(Stream peer, Body body) {
  std::string text;
  try {
    std::string result = co_await body(peer);
    text = std::move(result);
  } catch (const std::exception& error) {
    text = std::string("failed: ") + error.what();
  }
  co_await peer.write_all(bytes_of(text));
}

Task<Pair> connected_pair() {
  Listener listener(Address::loopback(0));
  Stream near = co_await connect(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream far(Loop::current(), std::move(accepted));
  co_return Pair(std::move(near), std::move(far));
}

}  // namespace duet::test
