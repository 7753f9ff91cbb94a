#include "duet/http/date.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace duet::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
constexpr std::array<std::string_view, 7> long_weekdays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
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

// Reads a date piece by piece from the front. The first piece that is wrong makes it fail for good,
// and whatever is read afterwards is meaningless.
class DateReader {
 public:
  explicit DateReader(std::string_view text) noexcept : rest_(text) {}

  bool is_read() const noexcept { return !has_failed_ && rest_.empty(); }

  void text(std::string_view expected) noexcept {
    if (!rest_.starts_with(expected)) has_failed_ = true;
    skip(expected.size());
  }

  int number(std::size_t digits) noexcept {
    int value = 0;
    for (char c : rest_.substr(0, digits)) {
      if (!is_digit(c)) has_failed_ = true;
      value = value * 10 + (c - '0');
    }
    skip(digits);
    return value;
  }

  // A day of asctime: its first digit is a space where it would be 0.
  int padded_day() noexcept {
    if (!rest_.starts_with(' ')) return number(2);
    skip(1);
    return number(1);
  }

  // Which of `names`, three letters each, comes next.
  unsigned name(std::string_view names) noexcept {
    std::string_view wanted = rest_.substr(0, 3);
    skip(3);
    for (std::size_t at = 0; at < names.size(); at += 3)
      if (names.substr(at, 3) == wanted) return static_cast<unsigned>(at / 3);
    has_failed_ = true;
    return 0;
  }

  unsigned long_weekday() noexcept {
    for (std::size_t i = 0; i < long_weekdays.size(); ++i) {
      if (!rest_.starts_with(long_weekdays[i])) continue;
      skip(long_weekdays[i].size());
      return static_cast<unsigned>(i);
    }
    has_failed_ = true;
    return 0;
  }

  std::chrono::seconds time_of_day() noexcept {
    int hour = number(2);
    text(":");
    int minute = number(2);
    text(":");
    int second = number(2);
    bool is_leap_second = hour == 23 && minute == 59 && second == 60;
    if (hour > 23 || minute > 59 || (second > 59 && !is_leap_second)) has_failed_ = true;
    return hour * 1h + minute * 1min + second * 1s;
  }

 private:
  void skip(std::size_t size) noexcept {
    if (size > rest_.size()) has_failed_ = true;
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  std::string_view rest_;
  bool has_failed_ = false;
};

// What a date says, its year as it is written.
struct DateParts {
  unsigned weekday = 0;
  int day = 0;
  unsigned month = 0;  // 0 is January
  int year = 0;
  std::chrono::seconds time{};
};

// What fixdate and the form of RFC 850 have behind the name of the day.
void read_after_weekday(DateReader& reader, std::string_view separator, std::size_t year_digits,
                        DateParts& parts) noexcept {
  reader.text(", ");
  parts.day = reader.number(2);
  reader.text(separator);
  parts.month = reader.name(months);
  reader.text(separator);
  parts.year = reader.number(year_digits);
  reader.text(" ");
  parts.time = reader.time_of_day();
  reader.text(" GMT");
}

DateParts read_fixdate(DateReader& reader) noexcept {
  DateParts parts;
  parts.weekday = reader.name(weekdays);
  read_after_weekday(reader, " ", 4, parts);
  return parts;
}

// The form of RFC 850.
DateParts read_old_date(DateReader& reader) noexcept {
  DateParts parts;
  parts.weekday = reader.long_weekday();
  read_after_weekday(reader, "-", 2, parts);
  return parts;
}

DateParts read_asctime(DateReader& reader) noexcept {
  DateParts parts;
  parts.weekday = reader.name(weekdays);
  reader.text(" ");
  parts.month = reader.name(months);
  reader.text(" ");
  parts.day = reader.padded_day();
  reader.text(" ");
  parts.time = reader.time_of_day();
  reader.text(" ");
  parts.year = reader.number(4);
  return parts;
}

sys_seconds time_of(const DateParts& parts) noexcept {
  auto month = std::chrono::month(parts.month + 1);
  auto day = std::chrono::day(static_cast<unsigned>(parts.day));
  return std::chrono::sys_days(std::chrono::year(parts.year) / month / day) + parts.time;
}

// The last year that ends in the two digits of `parts` and is not too far in the future. Compares
// times, not years: 50 years have passed on a day.
int full_year(DateParts parts, sys_seconds now) noexcept {
  using namespace std::chrono;
  const auto today = floor<days>(now);
  const year_month_day date(today);
  const sys_seconds latest =
      sys_days((date.year() + years(50)) / date.month() / date.day()) + (now - today);
  const int this_year = static_cast<int>(date.year());
  parts.year += this_year - this_year % 100 + 100;
  while (time_of(parts) > latest) parts.year -= 100;
  return parts.year;
}

std::optional<sys_seconds> checked_time(const DateParts& parts) noexcept {
  using namespace std::chrono;
  const year_month_day date(year(parts.year), month(parts.month + 1),
                            day(static_cast<unsigned>(parts.day)));
  if (!date.ok() || weekday(sys_days(date)).c_encoding() != parts.weekday) return std::nullopt;
  return time_of(parts);
}

}  // namespace

std::optional<sys_seconds> parse_date(std::string_view text, sys_seconds now) noexcept {
  DateReader reader(text);
  DateParts parts;
  bool is_asctime = text.size() == 24;
  bool is_fixdate = text.size() == 29;
  if (is_asctime)
    parts = read_asctime(reader);
  else if (is_fixdate)
    parts = read_fixdate(reader);
  else
    parts = read_old_date(reader);
  if (!reader.is_read()) return std::nullopt;
  if (!is_asctime && !is_fixdate) parts.year = full_year(parts, now);
  return checked_time(parts);
}

DateText format_date(sys_seconds time) noexcept {
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
