#include "duet/http/date.hpp"

#include <algorithm>
#include <string_view>

namespace duet::http {
namespace {

constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

char* put_text(char* at, std::string_view text) noexcept {
  return std::copy(text.begin(), text.end(), at);
}

char* put_name(char* at, std::string_view names, std::size_t index) noexcept {
  return put_text(at, names.substr(index * 3, 3));
}

char* put_number(char* at, unsigned value, int digits) noexcept {
  for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + digits;
}

}  // namespace

DateText format_date(std::chrono::sys_seconds time) noexcept {
  using namespace std::chrono;
  constexpr sys_seconds earliest = sys_days(year(1) / January / 1);
  constexpr sys_seconds latest = sys_days(year(9999) / December / 31) + 24h - 1s;
  time = std::clamp(time, earliest, latest);
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);

  DateText text;
  char* at = put_name(text.data(), weekdays, weekday(day).c_encoding());
  at = put_number(put_text(at, ", "), static_cast<unsigned>(date.day()), 2);
  at = put_text(at, " ");
  at = put_name(at, months, static_cast<unsigned>(date.month()) - 1);
  at = put_number(put_text(at, " "), static_cast<unsigned>(static_cast<int>(date.year())), 4);
  at = put_number(put_text(at, " "), static_cast<unsigned>(clock.hours().count()), 2);
  at = put_number(put_text(at, ":"), static_cast<unsigned>(clock.minutes().count()), 2);
  at = put_number(put_text(at, ":"), static_cast<unsigned>(clock.seconds().count()), 2);
  put_text(at, " GMT");
  return text;
}

}  // namespace duet::http
