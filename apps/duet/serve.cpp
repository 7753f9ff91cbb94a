#include "command.hpp"
namespace duet::app {
Command add_serve(CLI::App& app) {
  return {app.add_subcommand("serve", ""), [] { return 0; }};
}
}  // namespace duet::app
