#pragma once
// The system's look-up of host names, getaddrinfo(3): /etc/hosts, DNS and whatever else
// nsswitch.conf(5) says. It blocks, for many seconds if a server does not answer, and cannot be
// interrupted: tasks use resolve() of net instead. Any thread.

#include <expected>
#include <string>
#include <system_error>
#include <vector>

#include "duet/sys/address.hpp"

namespace duet::sys {

// The addresses of a host, at least one, in the order in which to try them (RFC 6724). The error is
// of the system's category or of getaddrinfo's own, whose messages are gai_strerror(3)'s. Names
// below "invalid" have none, by definition (RFC 6761): nobody is asked.
std::expected<std::vector<Address>, std::error_code> look_up(const std::string& host,
                                                             std::uint16_t port);

}  // namespace duet::sys
