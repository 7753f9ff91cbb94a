// duet echo: sends back what comes.

#include <array>

#include "command.hpp"

namespace duet::app {
namespace {

Task<> echo(Stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    std::size_t n = co_await peer.read_some(buffer);  // 0: the peer is done
    if (n == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(n));
  }
}

}  // namespace

Command add_echo(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("echo", "a TCP echo server");
  auto server = std::make_shared<ServerOptions>();
  add_server_options(*parser, *server, "127.0.0.1:7000");
  return {parser, [server] {
            Runtime runtime(runtime_options(*server));
            for (const Address& address : addresses(server->listen)) runtime.serve(address, echo);
            runtime.announce("tcp");
            return runtime.run();
          }};
}

}  // namespace duet::app
