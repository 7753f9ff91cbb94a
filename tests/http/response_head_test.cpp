#include "duet/http/response_head.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "duet/http/date.hpp"
#include "duet/http/status.hpp"

namespace duet::http {
namespace {

using namespace std::string_view_literals;

TEST(ResponseHead, writes_status_line_fields_and_blank_line) {
  std::array<char, 128> buffer;
  ResponseHead head(buffer, 404);
  head.field("Content-Type", "text/plain").field("Content-Length", 10).field("Empty", "");
  auto size = head.finish();
  ASSERT_TRUE(size);
  EXPECT_EQ(std::string_view(buffer.data(), *size),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 10\r\nEmpty: "
            "\r\n\r\n");
}

TEST(ResponseHead, writes_an_unknown_status_without_a_phrase) {
  std::array<char, 64> buffer;
  auto size = ResponseHead(buffer, 299).finish();
  EXPECT_EQ(std::string_view(buffer.data(), size.value()), "HTTP/1.1 299 \r\n\r\n");
}

TEST(ResponseHead, writes_the_greatest_number) {
  std::array<char, 64> buffer;
  auto size = ResponseHead(buffer, 200).field("N", UINT64_MAX).finish();
  EXPECT_EQ(std::string_view(buffer.data(), size.value()),
            "HTTP/1.1 200 OK\r\nN: 18446744073709551615\r\n\r\n");
}

TEST(ResponseHead, fits_a_buffer_of_exactly_its_size_and_none_smaller) {
  constexpr std::size_t exact = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"sv.size();
  std::string buffer(exact, '\0');
  EXPECT_EQ(ResponseHead(buffer, 200).field("A", "b").finish(), exact);
  for (std::size_t size = 0; size < exact; ++size) {
    std::string smaller(size, '\0');
    EXPECT_EQ(ResponseHead(smaller, 200).field("A", "b").finish().error(), HeadError::does_not_fit);
  }
}

TEST(ResponseHead, refuses_a_value_that_could_end_its_field) {
  for (std::string_view value : {"a\r\nSet-Cookie: b"sv, "a\rb"sv, "a\nb"sv, "a\0b"sv, "a\x01"sv,
                                 "a\x7f"sv, " a"sv, "a\t"sv}) {
    std::array<char, 128> buffer;
    EXPECT_EQ(ResponseHead(buffer, 200).field("A", value).finish().error(), HeadError::bad_value);
  }
}

TEST(ResponseHead, accepts_a_value_of_tabs_and_other_bytes_than_ascii) {
  std::array<char, 64> buffer;
  EXPECT_TRUE(ResponseHead(buffer, 200).field("A", "b\tc \xc3\xa4").finish());
}

TEST(ResponseHead, refuses_a_name_that_is_no_token) {
  for (std::string_view name : {""sv, "a b"sv, "a:"sv, "a\r\n"sv, "\xc3\xa4"sv}) {
    std::array<char, 128> buffer;
    EXPECT_EQ(ResponseHead(buffer, 200).field(name, "b").finish().error(), HeadError::bad_name);
  }
}

TEST(ResponseHead, refuses_a_status_that_has_not_three_digits) {
  for (int status : {-200, 0, 99, 1000}) {
    std::array<char, 128> buffer;
    EXPECT_EQ(ResponseHead(buffer, status).finish().error(), HeadError::bad_status);
  }
}

TEST(ResponseHead, reports_the_first_error) {
  std::array<char, 32> buffer;
  ResponseHead head(buffer, 200);
  head.field("A", "\n").field("", "").field("B", "far too long for what is left of the buffer");
  EXPECT_EQ(head.finish().error(), HeadError::bad_value);
}

TEST(ReasonPhrase, is_that_of_the_registry) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
}

std::string date(std::chrono::sys_seconds time) {
  DateText text = format_date(time);
  return {text.data(), text.size()};
}

std::string date(std::int64_t seconds) {
  return date(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

TEST(Date, is_the_example_of_the_rfc) {
  EXPECT_EQ(date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Date, begins_with_the_epoch_on_a_thursday) {
  EXPECT_EQ(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Date, knows_leap_days) { EXPECT_EQ(date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT"); }

TEST(Date, has_the_last_second_of_a_year) {
  EXPECT_EQ(date(1767225599), "Wed, 31 Dec 2025 23:59:59 GMT");
}

TEST(Date, may_lie_before_the_epoch) { EXPECT_EQ(date(-1), "Wed, 31 Dec 1969 23:59:59 GMT"); }

TEST(Date, ends_where_the_year_has_four_digits) {
  EXPECT_EQ(date(std::chrono::sys_seconds::max()), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date(std::chrono::sys_seconds::min()), "Mon, 01 Jan 0001 00:00:00 GMT");
}

}  // namespace
}  // namespace duet::http
