#pragma once
// Names of status codes (RFC 9110 §15 and the IANA registry), for status lines and error pages.

#include <string_view>

namespace duet::http {

// A literal such as "Not Found"; empty for a code that is not in the table, which is a valid
// phrase.
std::string_view reason_phrase(int status) noexcept;

}  // namespace duet::http
