#pragma once
// Percent-encoding (RFC 3986 §2.1) of parts of a path. Pure functions.

#include <string>
#include <string_view>

namespace duet::http {

// Slashes stay as they are.
std::string percent_encoded(std::string_view path);

// A '%' without two digits after it stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace duet::http
