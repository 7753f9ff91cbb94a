#pragma once
// Dates as HTTP writes them: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
// There is no clock in here: a server formats the time it is given, once a second is enough.

#include <array>
#include <chrono>

namespace duet::http {

using DateText = std::array<char, 29>;

// Any time will do, since a file may bear any: before year 1 and after 9999, which the form cannot
// say, the nearest that it can.
DateText format_date(std::chrono::sys_seconds time) noexcept;

}  // namespace duet::http
