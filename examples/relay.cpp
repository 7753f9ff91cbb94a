// A TCP relay: both directions at once, and the end of one is passed on while the other goes on.

#include <array>
#include <duet/duet.hpp>

using namespace duet;

Task<> pump(Stream& from, Stream& to) {
  std::array<std::byte, 16384> buffer;
  for (;;) {
    std::size_t n = co_await from.read_some(buffer);
    if (n == 0) break;
    co_await to.write_all(std::span(buffer).first(n));
  }
  to.finish();
}

Task<> relay(Stream client, Address target) {
  Stream server = co_await connect(target);
  co_await all(pump(client, server), pump(server, client));
}

int main(int argc, char** argv) {
  Runtime runtime(Options::parse(argc, argv));
  runtime.serve("127.0.0.1:7001", relay, Address::loopback(7000));
  return runtime.run();
}
