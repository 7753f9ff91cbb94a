#pragma once
// The address of a socket: IPv4 or IPv6 with a port, or the path of a Unix socket. A value, small
// because every connection has one.
// Its text form is "127.0.0.1:8080", "[::1]:8080", "[fe80::1%eth0]:8080",
// "unix:/run/duet.sock" or, for a name that is in no file system, "unix:@duet".

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace duet {

struct Address {
  enum class Family : std::uint8_t { none, ip4, ip6, local };

  static Address ip4(std::array<std::uint8_t, 4> bytes, std::uint16_t port);
  static Address loopback(std::uint16_t port) { return ip4({127, 0, 0, 1}, port); }
  static Address local(std::string path);
  static Address named(std::string name);  // of no family: what has just a name

  // Parses a numeric address with a port, "localhost:PORT", ":PORT" (every IPv4 interface),
  // "unix:PATH" or "unix:@NAME". Empty when the text is none of these; names are not looked up.
  static std::optional<Address> parse(std::string_view text);

  std::string text() const;
  bool operator==(const Address& other) const;

  // Of a Unix socket, a leading NUL byte: abstract; of no family: its name, if it has one.
  const std::string& path() const noexcept;

  Family family = Family::none;
  std::uint16_t port = 0;                // in host byte order
  std::uint32_t scope = 0;               // of a link-local IPv6 address
  std::array<std::uint8_t, 16> bytes{};  // the first 4 for IPv4

 private:
  std::shared_ptr<const std::string> path_;
};

}  // namespace duet
