// An echo server whose peers may be silent for a minute at most. Its deadline is what a real
// service has; the system calls that it makes for each message are counted.

#include <array>
#include <cstdio>

#include "duet/duet.hpp"

using namespace duet;

namespace {

Task<> echo(Stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer).within(std::chrono::seconds(60));
    if (n == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(n));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Runtime runtime(Options::parse(argc, argv));
  runtime.serve("127.0.0.1:0", echo);
  runtime.on_listening([&](const std::vector<Address>& addresses) {
    std::printf("listening on tcp://%s (%s)\n", addresses[0].text().c_str(),
                runtime.text().c_str());
    std::fflush(stdout);
  });
  return runtime.run();
}
