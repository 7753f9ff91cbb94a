// duet relay: connects each client to another server and passes on what either says.

#include <array>

#include "command.hpp"
#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"

namespace duet::app {
namespace {

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

}  // namespace

Command add_relay(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("relay", "a TCP relay to another server");
  auto server = std::make_shared<ServerOptions>();
  auto target = std::make_shared<std::string>();
  add_server_options(*parser, *server, "127.0.0.1:7001");
  parser->add_option("--to", *target, "the server to connect to: HOST:PORT or unix:PATH")
      ->required();
  return {parser, [server, target] {
            Runtime runtime(runtime_options(*server));
            Address to = resolve(*target);
            for (const Address& address : addresses(server->listen))
              runtime.serve(address, relay, to);
            runtime.announce("tcp");
            return runtime.run();
          }};
}

}  // namespace duet::app
