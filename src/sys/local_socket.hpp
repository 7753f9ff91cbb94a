#pragma once
// Unix sockets: which they are, and what they leave in the file system.

#include <string>

#include "duet/sys/address.hpp"

namespace duet::sys {

// A socket at that path to which nobody listens any more.
bool is_dead_local_socket(const Address& address) noexcept;
void remove_local_socket(const std::string& path) noexcept;

bool is_local_socket(int descriptor) noexcept;
int option_of_socket(int descriptor, int option) noexcept;  // of SOL_SOCKET; -1 if it has none

}  // namespace duet::sys
