#include "duet/http/date.hpp"

#include <string>

#include <gtest/gtest.h>

namespace duet::http {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds now{1'800'000'000s};       // Fri, 15 Jan 2027 08:00:00 GMT
constexpr sys_seconds example{784'111'777s};     // that of the RFC
constexpr std::string_view unreadable = "none";  // as an expected outcome

std::string normal(std::string_view text, sys_seconds at = now) {
  std::optional<sys_seconds> time = parse_date(text, at);
  if (!time) return std::string(unreadable);
  DateText written = format_date(*time);
  return {written.data(), written.size()};
}

TEST(ParseDate, reads_the_three_forms_of_the_rfc) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", now), example);
}

TEST(ParseDate, reads_what_is_written_on_every_day_of_centuries) {
  for (sys_seconds day{-3'000'000'000s}; day < sys_seconds(8'000'000'000s); day += 24h + 61s) {
    DateText text = format_date(day);
    ASSERT_EQ(parse_date({text.data(), text.size()}, now), day);
  }
}

TEST(ParseDate, reads_each_day_of_the_week_in_its_long_form) {
  for (std::string_view text :
       {"Monday, 07-Nov-94 00:00:00 GMT", "Tuesday, 08-Nov-94 00:00:00 GMT",
        "Wednesday, 09-Nov-94 00:00:00 GMT", "Thursday, 10-Nov-94 00:00:00 GMT",
        "Friday, 11-Nov-94 00:00:00 GMT", "Saturday, 12-Nov-94 00:00:00 GMT"})
    EXPECT_NE(normal(text), unreadable) << text;
}

TEST(ParseDate, reads_a_day_of_two_digits_in_each_form) {
  EXPECT_EQ(normal("Wed Nov 16 08:49:37 1994"), "Wed, 16 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(normal("Sun Nov 06 08:49:37 1994"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(ParseDate, takes_a_year_of_two_digits_for_one_no_more_than_50_years_ahead) {
  EXPECT_EQ(normal("Friday, 15-Jan-77 08:00:00 GMT"), "Fri, 15 Jan 2077 08:00:00 GMT");
  EXPECT_EQ(normal("Saturday, 15-Jan-77 08:00:01 GMT"), "Sat, 15 Jan 1977 08:00:01 GMT");
  EXPECT_EQ(normal("Friday, 31-Dec-76 23:59:59 GMT"), unreadable);  // that of 1976
}

TEST(ParseDate, takes_a_year_of_two_digits_for_one_of_the_next_century_when_that_is_near) {
  constexpr sys_seconds late{4'000'000'000s};                             // in 2096
  EXPECT_EQ(normal("Friday, 01-Jan-10 00:00:00 GMT", late), unreadable);  // that of 2010
  EXPECT_EQ(normal("Wednesday, 01-Jan-10 00:00:00 GMT", late), "Wed, 01 Jan 2110 00:00:00 GMT");
}

TEST(ParseDate, knows_leap_days) {
  EXPECT_EQ(normal("Tue, 29 Feb 2000 00:00:00 GMT"), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(normal("Thu, 29 Feb 1900 00:00:00 GMT"), unreadable);
  EXPECT_EQ(normal("Tuesday, 29-Feb-00 00:00:00 GMT"), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(ParseDate, takes_a_leap_second_for_the_next) {
  EXPECT_EQ(normal("Sat, 31 Dec 2016 23:59:60 GMT"), "Sun, 01 Jan 2017 00:00:00 GMT");
}

TEST(ParseDate, refuses_any_other_text) {
  for (std::string_view text : {"",
                                "0",
                                "Sun",
                                "Sun, 06 Nov 1994 08:49:37",
                                "Sun, 06 Nov 1994 08:49:37 GMT ",
                                " Sun, 06 Nov 1994 08:49:37 GMT",
                                "sun, 06 nov 1994 08:49:37 gmt",
                                "Sun, 06 Nov 1994 08:49:37 UTC",
                                "Sun, 06 Nov 1994 08:49:37 +00",
                                "Sun, 6 Nov 1994 08:49:37 GMT",
                                "Sun,  6 Nov 1994 08:49:37 GMT",
                                "Sun, 06-Nov-1994 08:49:37 GMT",
                                "Sun, 06-Nov-94 08:49:37 GMT",
                                "Sunday, 06-Nov-1994 08:49:37 GMT",
                                "Sun Nov 6 08:49:37 1994",
                                "Sun Nov  6 08:49:37 94",
                                "Sun Nov  6 08:49:37 1994 GMT",
                                "1994-11-06T08:49:37Z",
                                "Sun, 06 Nov 1994 08:49:3x GMT",
                                "Sun, 06 Nov +994 08:49:37 GMT",
                                "Sun, 06 Nov 1994 08:49:37 GMT; length=3"})
    EXPECT_EQ(normal(text), unreadable) << text;
}

TEST(ParseDate, refuses_a_date_that_there_is_not) {
  for (std::string_view text : {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
                                "Thu, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                                "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
                                "Sun, 06 Nov 1994 23:59:61 GMT"})
    EXPECT_EQ(normal(text), unreadable) << text;
}

TEST(ParseDate, refuses_every_part_of_a_date_and_every_date_with_a_letter_changed) {
  const std::string whole = "Sunday, 06-Nov-94 08:49:37 GMT";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    EXPECT_EQ(normal(whole.substr(0, at)), unreadable) << at;
    std::string changed = whole;
    changed[at] = '~';
    EXPECT_EQ(normal(changed), unreadable) << changed;
  }
}

}  // namespace
}  // namespace duet::http
