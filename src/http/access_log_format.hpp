#pragma once
// An entry of the access log as a line of text, line feed included. Pure functions: any thread, no
// allocation, no errors.

#include <array>
#include <string_view>

#include "duet/http/access_log.hpp"

namespace duet::http {

using AccessLine = std::array<char, io::LineWriter::line_max_bytes>;

// The result is in `line`.
std::string_view format_combined(AccessLine& line, const AccessEntry& entry) noexcept;
std::string_view format_json(AccessLine& line, const AccessEntry& entry) noexcept;

}  // namespace duet::http
