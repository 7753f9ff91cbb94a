#pragma once
// Who listens on a port, as far as /proc lets us see.

#include <string>

namespace duet::app {

// " (by nginx, process 4711)" for the address "127.0.0.1:80", or an empty text.
std::string port_owner(const std::string& address);

}  // namespace duet::app
