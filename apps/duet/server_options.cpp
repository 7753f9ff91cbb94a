#include <netdb.h>

#include <charconv>
#include <limits>

#include "command.hpp"

namespace duet::app {
namespace {

// CLI11's own check counts in floating point and names bounds of 300 digits.
template <class Number>
CLI::Validator from_1() {
  auto refuse = [](const std::string& text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc() && at == end && number > 0) return std::string();
    return fmt::format("a number from 1 to {}, not '{}'", std::numeric_limits<Number>::max(), text);
  };
  return {refuse, ""};
}

}  // namespace

void add_server_options(CLI::App& parser, ServerOptions& server, const std::string& listen) {
  server.listen = {listen};
  parser
      .add_option("--listen", server.listen,
                  "where to listen: HOST:PORT or unix:PATH; port 0 picks one")
      ->capture_default_str();
  parser.add_option("--model", server.options.model, "the concurrency model; see duet models")
      ->capture_default_str();
  parser.add_option("--engine", server.options.engine,
                    "the engine of each loop, instead of the model's own");
  parser
      .add_option("--workers", server.options.workers,
                  "threads with a loop each (1); under pool, threads for the connections' loops "
                  "(one per processor, at least 2)")
      ->check(from_1<unsigned>());
  parser.add_option("--drain", server.drain, "how long what runs may go on after SIGTERM")
      ->capture_default_str();
  parser
      .add_option("--connections-max", server.options.connections_max,
                  "of a worker at a time; beyond, the one idle longest makes room, and "
                  "more wait")
      ->check(from_1<std::size_t>())
      ->capture_default_str();
  parser
      .add_option("--per-address-max", server.options.connections_per_address_max,
                  "connections of one IP address at a time; more are closed")
      ->check(from_1<std::size_t>());
}

Options runtime_options(const ServerOptions& server) {
  Options options = server.options;
  try {
    options.drain = parse_duration(server.drain);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--drain: ") + error.what());
  }
  return options;
}

Address resolve(const std::string& text) {
  if (std::optional<Address> address = Address::parse(text)) return *address;
  std::size_t colon = text.rfind(':');
  UsageError refused("'" + text + "' is no address; write HOST:PORT, [IPV6]:PORT or unix:PATH");
  if (colon == std::string::npos || text.starts_with("unix:")) throw refused;
  std::string host = text.substr(0, colon);
  if (host.find_first_of(":[]") != std::string::npos) throw refused;  // IPv6 wants its brackets
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (result != 0) throw UsageError("'" + host + "' is not known: " + ::gai_strerror(result));
  char numeric[NI_MAXHOST] = {};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, numeric, sizeof numeric, nullptr, 0,
                NI_NUMERICHOST);
  bool is_ip6 = found->ai_family == AF_INET6;
  ::freeaddrinfo(found);
  std::string name = is_ip6 ? "[" + std::string(numeric) + "]" : std::string(numeric);
  std::optional<Address> address = Address::parse(name + text.substr(colon));
  if (!address) throw refused;
  return *address;
}

std::vector<Address> addresses(const std::vector<std::string>& texts) {
  std::vector<Address> result;
  for (const std::string& text : texts) result.push_back(resolve(text));
  return result;
}

}  // namespace duet::app
