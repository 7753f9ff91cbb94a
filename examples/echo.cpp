// A TCP echo server: run it with --model thread, --model epoll, --model uring, …

#include <array>
#include <cstdio>
#include <duet/duet.hpp>

using namespace duet;

Task<> echo(Stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);  // 0: the peer is done
    if (n == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(n));
  }
}

int main(int argc, char** argv) {
  Runtime runtime(Options::parse(argc, argv));
  runtime.serve("127.0.0.1:7000", echo);
  return runtime.run();  // until SIGTERM; 0 after a clean drain
}
