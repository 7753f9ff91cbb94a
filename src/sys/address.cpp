#include "duet/sys/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sys/socket_address.hpp"

namespace duet {
namespace {

Address empty(Address::Family family, std::uint16_t port) {
  Address address;
  address.family = family;
  address.port = port;
  return address;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// The name or the number of an interface; 0 when there is none.
std::uint32_t parse_scope(const std::string& text) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return if_nametoindex(text.c_str());
}

std::string scope_text(std::uint32_t scope) {
  char name[IF_NAMESIZE] = {};
  if (scope == 0) return {};
  return "%" + (if_indextoname(scope, name) != nullptr ? std::string(name) : std::to_string(scope));
}

std::optional<Address> parse_ip6(std::string_view host, std::uint16_t port) {
  Address address = empty(Address::Family::ip6, port);
  std::string text(host.substr(0, host.find('%')));
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  if (text.size() < host.size()) {
    address.scope = parse_scope(std::string(host.substr(text.size() + 1)));
    if (address.scope == 0) return std::nullopt;
  }
  return address;
}

std::optional<Address> parse_ip4(std::string_view host, std::uint16_t port) {
  if (host.empty()) return Address::ip4({0, 0, 0, 0}, port);
  if (host == "localhost") return Address::loopback(port);
  Address address = empty(Address::Family::ip4, port);
  if (inet_pton(AF_INET, std::string(host).c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

}  // namespace

Address Address::ip4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) {
  Address address = empty(Family::ip4, port);
  std::ranges::copy(bytes, address.bytes.begin());
  return address;
}

Address Address::local(std::string path) {
  Address address = named(std::move(path));
  address.family = Family::local;
  return address;
}

Address Address::named(std::string name) {
  Address address;
  address.path_ = std::make_shared<const std::string>(std::move(name));
  return address;
}

const std::string& Address::path() const noexcept {
  static const std::string none;
  return path_ == nullptr ? none : *path_;
}

bool Address::operator==(const Address& other) const {
  return family == other.family && port == other.port && scope == other.scope &&
         bytes == other.bytes && path() == other.path();
}

std::optional<Address> Address::parse(std::string_view text) {
  constexpr std::string_view local_prefix = "unix:";
  if (text.contains('\0')) return std::nullopt;  // the system would read up to there only
  if (text.starts_with(local_prefix)) {
    text.remove_prefix(local_prefix.size());
    if (text.empty() || text == "@" || text.size() >= sizeof(sockaddr_un::sun_path))
      return std::nullopt;
    std::string path(text);
    if (path.front() == '@') path.front() = '\0';
    return local(std::move(path));
  }
  std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    return parse_ip6(host.substr(1, host.size() - 2), *port);
  return parse_ip4(host, *port);
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  switch (family) {
    case Family::none: return path().empty() ? "an unnamed socket" : path();
    case Family::local:
      return "unix:" + (path().starts_with('\0') ? "@" + path().substr(1) : path());
    case Family::ip4:
      inet_ntop(AF_INET, bytes.data(), buffer, sizeof buffer);
      return std::string(buffer) + ":" + std::to_string(port);
    case Family::ip6:
      inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
      return "[" + std::string(buffer) + scope_text(scope) + "]:" + std::to_string(port);
  }
  return {};
}

namespace sys {

SocketAddress::SocketAddress(const Address& address) noexcept {
  switch (address.family) {
    case Address::Family::none: break;
    case Address::Family::ip4: {
      sockaddr_in& in = as<sockaddr_in>();
      in.sin_family = AF_INET;
      in.sin_port = htons(address.port);
      std::memcpy(&in.sin_addr, address.bytes.data(), sizeof in.sin_addr);
      length = sizeof in;
      break;
    }
    case Address::Family::ip6: {
      sockaddr_in6& in = as<sockaddr_in6>();
      in.sin6_family = AF_INET6;
      in.sin6_port = htons(address.port);
      in.sin6_scope_id = address.scope;
      std::memcpy(&in.sin6_addr, address.bytes.data(), sizeof in.sin6_addr);
      length = sizeof in;
      break;
    }
    case Address::Family::local: {
      sockaddr_un& un = as<sockaddr_un>();
      un.sun_family = AF_UNIX;
      length = sizeof un + 1;  // EINVAL: cut off, the path would name another socket
      std::size_t size = address.path().size();
      if (size >= sizeof un.sun_path) break;
      std::memcpy(un.sun_path, address.path().data(), size);
      // An abstract name is as long as it is; a path ends with its NUL byte.
      std::size_t terminator = address.path().starts_with('\0') ? 0 : 1;
      length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size + terminator);
      break;
    }
  }
}

Address SocketAddress::value() const {
  Address address;
  switch (storage.ss_family) {
    case AF_INET: {
      const sockaddr_in& in = as<sockaddr_in>();
      address.family = Address::Family::ip4;
      address.port = ntohs(in.sin_port);
      std::memcpy(address.bytes.data(), &in.sin_addr, sizeof in.sin_addr);
      break;
    }
    case AF_INET6: {
      const sockaddr_in6& in = as<sockaddr_in6>();
      address.family = Address::Family::ip6;
      address.port = ntohs(in.sin6_port);
      address.scope = in.sin6_scope_id;
      std::memcpy(address.bytes.data(), &in.sin6_addr, sizeof in.sin6_addr);
      break;
    }
    case AF_UNIX: {
      constexpr std::size_t path_at = offsetof(sockaddr_un, sun_path);
      if (length <= path_at) break;  // the peer's end is not bound
      const char* path = as<sockaddr_un>().sun_path;
      std::size_t size = length - path_at;
      address = Address::local({path, path[0] == '\0' ? size : strnlen(path, size)});
      break;
    }
    default: break;
  }
  return address;
}

}  // namespace sys
}  // namespace duet
