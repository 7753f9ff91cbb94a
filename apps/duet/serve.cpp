// duet serve: a folder over HTTP/1.1.

#include "duet/http/serve.hpp"

#include "command.hpp"

namespace duet::app {

Command add_serve(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("serve", "a folder over HTTP/1.1");
  auto server = std::make_shared<ServerOptions>();
  auto folder = std::make_shared<std::string>();
  parser->add_option("DIR", *folder, "the folder; nothing outside of it is ever sent")->required();
  add_server_options(*parser, *server, "127.0.0.1:8080");
  return {parser, [server, folder] {
            http::StaticFiles files{Directory(*folder)};
            Runtime runtime(runtime_options(*server));
            for (const Address& address : addresses(server->listen))
              runtime.serve(address, http::serve_connection, files);
            announce(runtime, "http://");
            return runtime.run();
          }};
}

}  // namespace duet::app
