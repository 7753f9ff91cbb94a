#include "duet/net/resolver.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "duet/loop/offload.hpp"
#include "duet/sys/name_lookup.hpp"

namespace duet {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_name_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.';
}

// A name whose last part is a number would be an address, and a wrong one.
bool is_name(std::string_view text) noexcept {
  std::string_view last = text.substr(text.rfind('.') + 1);
  return std::ranges::all_of(text, is_name_character) && !std::ranges::all_of(last, is_digit);
}

struct NamedEndpoint {
  NamedEndpoint(std::string_view of, std::uint16_t at) : host(of), port(at) {}
  std::string host;
  std::uint16_t port;
};

std::optional<NamedEndpoint> split(std::string_view text) {
  std::size_t colon = text.rfind(':');
  if (colon == text.npos || !is_name(text.substr(0, colon))) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || parsed != end) return std::nullopt;
  return NamedEndpoint(text.substr(0, colon), port);
}

IoError lookup_error(std::error_code error, const std::string& endpoint) {
  return {error, "look up", [endpoint] { return endpoint; }};
}

}  // namespace

bool is_endpoint(std::string_view text) { return Address::parse(text) || split(text); }

Task<std::vector<Address>> resolve(std::string endpoint) {
  if (std::optional<Address> address = Address::parse(endpoint))
    co_return std::vector<Address>(1, *address);
  std::optional<NamedEndpoint> named = split(endpoint);
  if (!named) throw lookup_error(make_error_code(std::errc::invalid_argument), endpoint);
  auto work = offload(Work::names, [&named] { return sys::look_up(named->host, named->port); });
  auto found = co_await std::move(work);
  if (!found) throw lookup_error(found.error(), endpoint);
  co_return std::move(*found);
}

Task<std::vector<Address>> resolve(std::string host, std::uint16_t port) {
  bool is_ip6 = host.contains(':');
  return resolve((is_ip6 ? "[" + host + "]:" : host + ":") + std::to_string(port));
}

Task<Stream> connect(std::string endpoint) {
  std::vector<Address> addresses = co_await resolve(std::move(endpoint));
  for (std::size_t i = 0; i + 1 < addresses.size(); ++i) {
    Task<Stream> connecting = connect(addresses[i]);
    auto stream = co_await as_expected(std::move(connecting));
    if (stream) co_return std::move(*stream);
  }
  co_return co_await connect(addresses.back());
}

}  // namespace duet
