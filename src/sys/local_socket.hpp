#pragma once
// What Unix sockets leave in the file system.

#include <string>

#include "duet/sys/address.hpp"

namespace duet::sys {

// A socket at that path to which nobody listens any more.
bool is_dead_local_socket(const Address& address) noexcept;
void remove_local_socket(const std::string& path) noexcept;

// Another descriptor of the same description. Throws IoError.
int duplicate(int descriptor);

}  // namespace duet::sys
