// duet serve: a folder over HTTP/1.1.

#include "command.hpp"
#include "duet/http/server.hpp"
#include "duet/http/static_files.hpp"

namespace duet::app {
namespace {

// As the command line has them; times are read later, for a clear error.
struct Flags {
  std::string folder;
  http::ServeOptions http;
  std::string head_time = "10s";
  std::string idle_time = "60s";
  std::string send_time = "30s";
  std::string linger_time = "2s";
  std::size_t requests_max = 0;
  std::string access_log;
  std::string access_format = "combined";
  std::string log_level = "info";
  bool has_no_access_log = false;
  http::StaticFilesOptions files;
};

// CLI11 reads -1 as the largest number there is.
CLI::Validator not_negative() {
  auto refuse = [](const std::string& text) {
    return text.starts_with('-') ? "'" + text + "' is negative" : std::string();
  };
  return {refuse, ""};
}

void add_limits(CLI::App& parser, Flags& flags) {
  http::ServeOptions& limits = flags.http;
  auto size = [&parser](const char* name, auto& value, const char* what) {
    parser.add_option(name, value, what)
        ->transform(CLI::AsSizeValue(false))
        ->transform(not_negative())  // the last one comes first
        ->capture_default_str()
        ->group("Limits of HTTP");
  };
  auto time = [&parser](const char* name, std::string& value, const char* what) {
    parser.add_option(name, value, what)->capture_default_str()->group("Limits of HTTP");
  };
  size("--request-line-max", limits.head.request_line_bytes_max, "bytes; beyond: 414");
  size("--head-max", limits.head.head_bytes_max, "bytes, at most 65535; beyond: 431");
  size("--headers-max", limits.head.fields_max, "fields of a head, at most 100; beyond: 431");
  size("--body-max", limits.body_bytes_max, "bytes; beyond: 413");
  size("--body-rate", limits.body_rate_min,
       "bytes a second that a body must come with, after --header-time; 0: any");
  parser
      .add_option("--requests-max", flags.requests_max,
                  "in progress at a time, in a process; beyond: 503; 0: any number")
      ->check(not_negative())
      ->capture_default_str()
      ->group("Limits of HTTP");
  time("--header-time", flags.head_time, "for a whole head, from its first byte");
  time("--idle-time", flags.idle_time, "between requests");
  time("--send-time", flags.send_time, "for the client to take a buffer's worth");
  time("--linger-time", flags.linger_time, "for what a client still sends after the last answer");
}

void add_logs(CLI::App& parser, Flags& flags) {
  auto* file = parser.add_option("--access-log", flags.access_log,
                                 "a file, opened anew on SIGHUP, instead of standard output");
  parser.add_flag("--no-access-log", flags.has_no_access_log, "write no line for each request")
      ->excludes(file);
  parser.add_option("--access-log-format", flags.access_format, "combined or json")
      ->check(CLI::IsMember({"combined", "json"}))
      ->capture_default_str();
  parser.add_option("--log-level", flags.log_level, "of standard error: debug to error, or off")
      ->capture_default_str();
}

Duration time_of(const char* flag, const std::string& text) {
  try {
    return parse_duration(text);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string(flag) + ": " + error.what());
  }
}

void check_limit(const char* flag, std::size_t value, std::size_t min, std::size_t max) {
  if (value < min || value > max)
    throw UsageError(fmt::format("{}: {} to {}, not {}", flag, min, max, value));
}

// With less than the shortest request has every one would be refused.
void check_limits(const http::Limits& limits) {
  constexpr std::string_view shortest_line = "GET / HTTP/1.0";
  constexpr std::string_view shortest_head = "GET / HTTP/1.0\r\n\r\n";
  constexpr std::size_t bytes_max = http::RequestHead::bytes_cap;
  check_limit("--request-line-max", limits.request_line_bytes_max, shortest_line.size(), bytes_max);
  check_limit("--head-max", limits.head_bytes_max, shortest_head.size(), bytes_max);
  check_limit("--headers-max", limits.fields_max, 1, http::RequestHead::fields_cap);
}

std::shared_ptr<Log> log_of(const Flags& flags) {
  try {
    return std::make_shared<Log>(Log::parse_level(flags.log_level));
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--log-level: ") + error.what());
  }
}

http::ServeOptions http_options(const Flags& flags, const std::shared_ptr<Log>& log) {
  http::ServeOptions options = flags.http;
  check_limits(options.head);
  options.requests_max = flags.requests_max;
  options.head_time = time_of("--header-time", flags.head_time);
  options.idle_time = time_of("--idle-time", flags.idle_time);
  options.send_time = time_of("--send-time", flags.send_time);
  options.linger_time = time_of("--linger-time", flags.linger_time);
  auto format =
      flags.access_format == "json" ? http::AccessLogFormat::json : http::AccessLogFormat::combined;
  if (!flags.has_no_access_log)
    options.access_log = std::make_shared<http::AccessLog>(
        http::AccessLogOptions{.format = format, .path = flags.access_log}, log);
  return options;
}

int serve(const ServerOptions& server, const Flags& flags) {
  std::shared_ptr<Log> log = log_of(flags);
  Runtime runtime(runtime_options(server), log);
  http::StaticFilesOptions file_options = flags.files;
  file_options.types = http::MimeTypes::read();
  http::StaticFiles files(Directory(flags.folder), std::move(file_options));
  http::ServeOptions options = http_options(flags, log);
  // Whoever moves the logs of several servers sends it to all; it would end one that has none.
  if (!options.access_log) runtime.on_hang_up([] {});
  for (const Address& address : addresses(server.listen))
    http::serve(runtime, address, options, files);
  runtime.announce("http");
  return runtime.run();
}

}  // namespace

Command add_serve(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("serve", "a folder over HTTP/1.1");
  auto server = std::make_shared<ServerOptions>();
  auto flags = std::make_shared<Flags>();
  parser->add_option("DIR", flags->folder, "the folder; nothing outside of it is ever sent")
      ->required();
  add_server_options(*parser, *server, "127.0.0.1:8080");
  server->options.connections_per_address_max = 1000;
  parser->get_option("--per-address-max")->default_str("1000");
  parser->add_flag("--list", flags->files.lists_folders,
                   "show what a folder without an index.html contains");
  add_logs(*parser, *flags);
  add_limits(*parser, *flags);
  return {parser, [server, flags] { return serve(*server, *flags); }};
}

}  // namespace duet::app
