// An echo that waits without a buffer, as a server with many idle connections does.

#include <duet/duet.hpp>

using namespace duet;

namespace {

Task<> echo(Stream peer) {
  for (;;) {
    Lease received = co_await peer.receive();
    if (!received) co_return;
    co_await peer.write_all(received.bytes());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);
  Runtime runtime(options);
  runtime.serve(options.listen_or("127.0.0.1:7000"), echo);
  runtime.announce("tcp");
  return runtime.run();
}
