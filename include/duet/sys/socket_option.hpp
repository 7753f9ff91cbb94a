#pragma once
// The socket options that duet sets; see socket(7), tcp(7), ipv6(7).

#include <cstdint>

namespace duet {

enum class SocketOption : std::uint8_t {
  no_delay,
  reuse_address,
  reuse_port,
  only_ip6,
  reset_at_close,  // SO_LINGER of no time
};

}  // namespace duet
