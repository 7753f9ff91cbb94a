#pragma once
// Host names. A look-up is blocking work of the class Work::names, so it holds up neither a loop
// nor, however slow the servers of names are, anything but other look-ups. One that has begun
// cannot be interrupted: a deadline acts before it has begun, or when it has ended.

#include <string>
#include <string_view>
#include <vector>

#include "duet/net/stream.hpp"

namespace duet {

// Whether the text is what resolve takes: an address as Address::parse has it, or NAME:PORT. Says
// nothing about whether there is such a host.
bool is_endpoint(std::string_view text);

// The addresses of an endpoint, at least one, in the order in which to try them. An address, and
// "localhost", is answered at once; a name is looked up. Throws IoError, also when the name is
// unknown ("look up nowhere.invalid:80: Name or service not known") or the text is no endpoint.
Task<std::vector<Address>> resolve(std::string endpoint);
Task<std::vector<Address>> resolve(std::string host, std::uint16_t port);

// Connects on the current loop to the first address of the endpoint that accepts. Throws IoError:
// that of the look-up, or of the last address.
Task<Stream> connect(std::string endpoint);

}  // namespace duet
