#pragma once
// The subcommands of duet, one file each. Each adds itself to the command line; what it returns
// runs when it was chosen and gives the exit code.

#include <functional>

#include <CLI/CLI.hpp>

#include "duet/runtime/runtime.hpp"

namespace duet::app {

using Run = std::function<int()>;

struct Command {
  CLI::App* parser;
  Run run;
};

Command add_doctor(CLI::App& app);
Command add_echo(CLI::App& app);
Command add_models(CLI::App& app);
Command add_relay(CLI::App& app);
Command add_serve(CLI::App& app);

// Ends what a command prints whose output is all that it does. Throws when it cannot be written.
void flush_output();

// The options that all servers have.
struct ServerOptions {
  std::vector<std::string> listen;
  std::string drain = "10s";
  Options options;
};
void add_server_options(CLI::App& parser, ServerOptions& server, const std::string& listen);

// Reads what CLI11 left as text; throws UsageError.
Options runtime_options(const ServerOptions& server);
std::vector<Address> addresses(const std::vector<std::string>& texts);
Address resolve(const std::string& text);  // names too, by getaddrinfo(3)

}  // namespace duet::app
