// What echo_load is asked to do. Everything has a limit, so that a run is bounded in memory and
// time; only loopback addresses are accepted. Wrong usage is one line on standard error, exit 2.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/types.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duet::bench {

struct LoadOptions {
  sockaddr_in server{};
  std::size_t connections = 64;
  std::size_t idle = 0;  // connections beside them that send nothing
  std::size_t bytes = 64;
  std::size_t depth = 1;  // messages in flight on each connection
  std::int64_t warmup_ms = 300;
  std::int64_t duration_ms = 1000;
  pid_t pid = 0;  // of the server, if its CPU time is to be measured
  bool is_busy = false;
};

[[noreturn]] inline void refuse(std::string_view what) {
  std::fprintf(stderr,
               "echo_load: %.*s\n"
               "usage: echo_load 127.0.0.1:PORT [--connections N] [--idle N] [--bytes N]\n"
               "  [--depth N] [--warmup-ms N] [--duration-ms N] [--pid SERVER] [--busy]\n",
               static_cast<int>(what.size()), what.data());
  std::exit(2);
}

template <class Number>
Number parse_number(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc() || end != text.end() || value < least || value > most) {
    refuse("'" + std::string(text) + "' is not a number from " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  return value;
}

inline sockaddr_in parse_loopback(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse("the address is 127.0.0.1:PORT");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(parse_number<in_port_t>(text.substr(colon + 1), 1, 65535));
  const std::string host(text.substr(0, colon));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      ntohl(address.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
    refuse("'" + host + "' is not a loopback address");
  }
  return address;
}

inline void set_option(LoadOptions& options, std::string_view name, std::string_view text) {
  constexpr std::size_t connections_max = 19'000;
  constexpr std::int64_t milliseconds_max = 60'000;
  if (name == "--connections") {
    options.connections = parse_number<std::size_t>(text, 1, connections_max);
  } else if (name == "--idle") {
    options.idle = parse_number<std::size_t>(text, 0, connections_max);
  } else if (name == "--bytes") {
    options.bytes = parse_number<std::size_t>(text, 1, 1 << 20);
  } else if (name == "--depth") {
    options.depth = parse_number<std::size_t>(text, 1, 1024);
  } else if (name == "--warmup-ms") {
    options.warmup_ms = parse_number<std::int64_t>(text, 0, milliseconds_max);
  } else if (name == "--duration-ms") {
    options.duration_ms = parse_number<std::int64_t>(text, 1, milliseconds_max);
  } else if (name == "--pid") {
    options.pid = parse_number<pid_t>(text, 1, 1 << 22);
  } else {
    refuse("unknown option '" + std::string(name) + "'");
  }
}

inline LoadOptions parse_load_options(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.empty()) refuse("the address is missing");
  LoadOptions options;
  options.server = parse_loopback(words[0]);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--busy") {
      options.is_busy = true;
      continue;
    }
    if (i + 1 == words.size()) refuse("option '" + std::string(words[i]) + "' wants a value");
    set_option(options, words[i], words[i + 1]);
    ++i;
  }
  if (options.bytes * options.depth > 16U << 20) refuse("more than 16 MiB in flight");
  return options;
}

}  // namespace duet::bench
