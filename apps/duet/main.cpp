// duet: the program. Exit codes: 0 fine; 2 wrong usage, or a model that cannot be had; 1 anything
// else.

#include <cstdio>
#include <new>

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
  bool is_port = error.operation() == "bind" && !error.subject().starts_with("unix:");
  if (error.code() == std::errc::permission_denied && is_port)
    text += "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
  return text;
}

// CLI11 finds a command missing before it finds a word too many.
std::string explain(const CLI::ParseError& error, const CLI::App& app) {
  std::vector<std::string> unknown = app.remaining();
  bool has_command = !app.get_subcommands().empty();
  std::string text = has_command || unknown.empty()
                         ? error.what()
                         : fmt::format("unknown command or option '{}'", unknown.front());
  return text + " (duet --help lists what there is)";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Concurrent network I/O: one handler, any concurrency model", "duet");
  app.set_version_flag("--version", "duet " DUET_VERSION);
  app.require_subcommand(1);
  std::vector<duet::app::Command> commands = {duet::app::add_serve(app), duet::app::add_echo(app),
                                              duet::app::add_relay(app), duet::app::add_models(app),
                                              duet::app::add_doctor(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return say(2, explain(error, app));
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
  } catch (const std::bad_alloc&) {
    return say(1, "not enough memory for what was asked for");
  } catch (const std::exception& error) {
    return say(1, error.what());
  }
}
