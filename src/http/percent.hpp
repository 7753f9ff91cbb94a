#pragma once
// Percent-encoding (RFC 3986 §2.1) of parts of a path. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace duet::http {

// Slashes stay as they are.
std::string percent_encoded(std::string_view path);

// Nothing for a '%' without two digits after it, and for NUL, which would end a text early wherever
// it is handed to the system.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace duet::http
