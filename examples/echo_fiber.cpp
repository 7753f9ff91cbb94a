// The TCP echo server of echo.cpp without co_await: its handler is a fiber, a plain function on a
// stack of its own, which wait(…) suspends.

#include <array>
#include <duet/duet.hpp>

using namespace duet;

void echo(Stream peer) {
  std::array<std::byte, 4096> buffer;
  while (std::size_t n = wait(peer.read_some(buffer)))
    wait(peer.write_all(std::span(buffer).first(n)));
}

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);
  Runtime runtime(options);
  runtime.serve(options.listen_or("127.0.0.1:7000"), echo);
  runtime.announce("tcp");
  return runtime.run();
}
