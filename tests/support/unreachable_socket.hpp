#pragma once
// A socket in a network of its own, in which a host cannot be reached.

#include "duet/sys/address.hpp"
#include "sys/fd.hpp"

namespace duet::test {

struct UnreachableSocket {
  sys::Fd socket;  // TCP over IPv4, of no connection yet
  Address host;    // connecting to it is answered with EHOSTUNREACH
};

// Throws IoError where the system permits no networks of one's own, user_namespaces(7).
UnreachableSocket make_unreachable_socket();

}  // namespace duet::test
