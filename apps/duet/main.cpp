// duet: the program. Exit codes: 0 fine; 2 wrong usage, or a model that cannot be had; 1 anything
// else.

#include <cstdio>

#include "command.hpp"
#include "port_owner.hpp"

namespace {

int say(int code, const std::string& text) {
  std::fflush(stdout);
  fmt::print(stderr, "duet: {}\n", text);
  return code;
}

std::string explain(const duet::IoError& error) {
  std::string text = error.what();
  if (error.code() == std::errc::address_in_use) text += duet::app::port_owner(error.subject());
  if (error.code() == std::errc::permission_denied && error.operation() == "bind")
    text += "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Concurrent network I/O: one handler, any concurrency model", "duet");
  app.set_version_flag("--version", "duet " DUET_VERSION);
  app.require_subcommand(1);
  std::vector<duet::app::Command> commands = {duet::app::add_serve(app), duet::app::add_echo(app),
                                              duet::app::add_relay(app),
                                              duet::app::add_models(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return say(2, std::string(error.what()) + " (duet --help lists what there is)");
  }
  try {
    for (const duet::app::Command& command : commands)
      if (*command.parser) return command.run();
    return 2;
  } catch (const duet::UnavailableModel& error) {
    return say(2, error.what());
  } catch (const duet::UsageError& error) {
    return say(2, error.what());
  } catch (const duet::IoError& error) {
    return say(1, explain(error));
  } catch (const std::exception& error) {
    return say(1, error.what());
  }
}
