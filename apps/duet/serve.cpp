// duet serve: a folder over HTTP/1.1.

#include "command.hpp"
#include "duet/http/server.hpp"
#include "duet/http/static_files.hpp"

namespace duet::app {

Command add_serve(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("serve", "a folder over HTTP/1.1");
  auto server = std::make_shared<ServerOptions>();
  auto folder = std::make_shared<std::string>();
  parser->add_option("DIR", *folder, "the folder; nothing outside of it is ever sent")->required();
  add_server_options(*parser, *server, "127.0.0.1:8080");
  return {parser, [server, folder] {
            Runtime runtime(runtime_options(*server));
            http::StaticFiles files{Directory(*folder)};
            for (const Address& address : addresses(server->listen))
              http::serve(runtime, address, files);
            runtime.announce("http");
            return runtime.run();
          }};
}

}  // namespace duet::app
