#include "duet/sys/name_lookup.hpp"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "sys/socket_address.hpp"

namespace duet::sys {
namespace {

class LookupCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int code) const override { return gai_strerror(code); }
};

std::error_code error_of(int code) noexcept {
  static const LookupCategory category;
  if (code == EAI_SYSTEM) return {errno, std::system_category()};
  return {code, category};
}

bool is_invalid(const std::string& host) {
  return host == "invalid" || host.ends_with(".invalid") || host.contains('\0');
}

Address address_of(const addrinfo& found, std::uint16_t port) {
  SocketAddress address;
  address.length = found.ai_addrlen;
  std::copy_n(reinterpret_cast<const char*>(found.ai_addr), found.ai_addrlen,
              reinterpret_cast<char*>(&address.storage));
  Address value = address.value();
  value.port = port;
  return value;
}

}  // namespace

std::expected<std::vector<Address>, std::error_code> look_up(const std::string& host,
                                                             std::uint16_t port) {
  if (is_invalid(host)) return std::unexpected(error_of(EAI_NONAME));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // or each address comes once for each type
  addrinfo* list = nullptr;
  if (int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0)
    return std::unexpected(error_of(code));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next)
    if (found->ai_family == AF_INET || found->ai_family == AF_INET6)
      addresses.push_back(address_of(*found, port));
  if (addresses.empty()) return std::unexpected(error_of(EAI_NONAME));
  return addresses;
}

}  // namespace duet::sys
