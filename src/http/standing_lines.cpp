#include "http/standing_lines.hpp"

#include <algorithm>

#include "duet/http/date.hpp"

namespace duet::http {

void StandingLines::format(Loop& loop) noexcept {
  auto now = loop.wall_now();
  auto second = std::chrono::floor<std::chrono::seconds>(now);
  good_until_ = loop.now() + std::chrono::ceil<Duration>(second + std::chrono::seconds(1) - now);
  DateText date = format_date(second);
  auto at = std::ranges::copy(before_date, text_.begin()).out;
  at = std::ranges::copy(date, at).out;
  std::ranges::copy(std::string_view("\r\n"), at);
}

}  // namespace duet::http
