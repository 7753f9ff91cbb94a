#pragma once
// Dates as HTTP writes them: IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), and
// as it reads them, which are two older forms besides.
// There is no clock in here: a server formats the time it is given, once a second is enough.

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace duet::http {

using DateText = std::array<char, 29>;

// Any time will do, since a file may bear any: before year 1 and after 9999, which the form cannot
// say, the nearest that it can.
DateText format_date(std::chrono::sys_seconds time) noexcept;

// IMF-fixdate, "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994", to the letter; the
// day of the week must be that of the date. A year of two digits is the last one that ends so and
// is no more than 50 years after `now`. Nothing for any other text or a date that there is not.
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text,
                                                   std::chrono::sys_seconds now) noexcept;

}  // namespace duet::http
