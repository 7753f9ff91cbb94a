#include "duet/http/request_parser.hpp"

#include <gtest/gtest.h>

#include "http/request_feeding.hpp"
#include "http/request_rows.hpp"

namespace duet::http {
namespace {

class Request : public testing::TestWithParam<RequestRow> {};

TEST_P(Request, has_the_stated_outcome_however_it_is_split) {
  const std::string& bytes = GetParam().bytes;
  Feeder<RequestParser> feeder(bytes);
  ParseResult result = feeder.feed(bytes.size());
  EXPECT_EQ(outcome(result, feeder.parser()), GetParam().expected);
  expect_the_same_however_split<RequestParser>(bytes);
}

std::string name_of(const testing::TestParamInfo<RequestRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(line, Request, testing::ValuesIn(request_line_rows()), name_of);
INSTANTIATE_TEST_SUITE_P(target, Request, testing::ValuesIn(target_rows()), name_of);
INSTANTIATE_TEST_SUITE_P(field, Request, testing::ValuesIn(field_rows()), name_of);
INSTANTIATE_TEST_SUITE_P(host, Request, testing::ValuesIn(host_rows()), name_of);
INSTANTIATE_TEST_SUITE_P(framing, Request, testing::ValuesIn(framing_rows()), name_of);
INSTANTIATE_TEST_SUITE_P(limit, Request, testing::ValuesIn(limit_rows()), name_of);

using State = ParseResult::State;

constexpr std::string_view small = "GET /a HTTP/1.1\r\nHost: b\r\nAccept:  c d \r\n\r\n";

TEST(RequestParser, consumes_the_head_and_nothing_more) {
  RequestParser parser;
  ParseResult result = parser.parse(std::string(small) + "GET /");
  EXPECT_EQ(result.state, State::complete);
  EXPECT_EQ(result.consumed, small.size());
}

TEST(RequestParser, counts_skipped_empty_lines_as_consumed) {
  RequestParser parser;
  EXPECT_EQ(parser.parse("\r\n" + std::string(small)).consumed, small.size() + 2);
}

TEST(RequestParser, gives_views_into_the_input_of_the_last_call) {
  RequestParser parser;
  const std::string first(small.substr(0, 30));
  const std::string second(small);
  parser.parse(first);
  ASSERT_EQ(parser.parse(second).state, State::complete);
  EXPECT_EQ(parser.head().target().data(), second.data() + 4);
}

TEST(RequestParser, parses_pipelined_requests_one_after_another) {
  std::string_view rest =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /3 HTTP/9.9\r\n";
  RequestParser parser;
  std::string seen;
  for (int i = 0; i < 3; ++i) {
    ParseResult result = parser.parse(rest);
    seen += outcome(result, parser) + "; ";
    rest.remove_prefix(result.consumed);
    parser.reset();
  }
  EXPECT_EQ(seen, "GET /1 of a, 1.1, keep, no body; GET /2 of , 1.0, close, no body; 505; ");
}

TEST(RequestParser, carries_nothing_over_to_the_next_request) {
  RequestParser parser;
  parser.parse(
      "POST http://x/y HTTP/1.1\r\nHost: z\r\nContent-Length: 7\r\nExpect: 100-continue\r\n"
      "Connection: close\r\n\r\n");
  parser.reset();
  ParseResult result = parser.parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(outcome(result, parser), "GET / of a, 1.1, keep, no body");
  EXPECT_EQ(parser.head().content_length(), 0U);
  EXPECT_EQ(parser.head().field_count(), 1U);
}

TEST(RequestParser, takes_one_chunked_request_after_another) {
  constexpr std::string_view chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  RequestParser parser;
  parser.parse(chunked);
  parser.reset();
  EXPECT_EQ(parser.parse(chunked).state, State::complete);
}

TEST(RequestParser, judges_the_next_request_afresh_after_a_rejection) {
  RequestParser parser;
  parser.parse("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n");
  parser.reset();
  EXPECT_EQ(parser.parse(small).state, State::complete);
}

TEST(RequestParser, stays_rejected_when_more_bytes_come) {
  RequestParser parser;
  ASSERT_EQ(parser.parse("GET\r\n").state, State::rejected);
  EXPECT_EQ(parser.parse("GET\r\n" + std::string(small)).rejection.status, 400);
}

TEST(RequestParser, stays_complete_when_more_bytes_come) {
  RequestParser parser;
  ASSERT_EQ(parser.parse(small).state, State::complete);
  EXPECT_EQ(parser.parse(std::string(small) + "\n").consumed, small.size());
}

TEST(RequestParser, has_begun_with_the_first_byte_that_is_no_empty_line) {
  RequestParser parser;
  parser.parse("\r\n");
  EXPECT_FALSE(parser.has_begun());
  parser.parse("\r\nG");
  EXPECT_TRUE(parser.has_begun());
}

// The search for control characters takes eight bytes at a time: each byte value must be told apart
// at each place in such a group.
TEST(RequestParser, refuses_control_characters_but_tab_anywhere_in_a_value) {
  for (int code = 0; code < 256; ++code) {
    for (std::size_t at = 0; at < 16; ++at) {
      std::string value(32, 'v');
      value[at] = static_cast<char>(code);
      RequestParser parser;
      ParseResult result = parser.parse("GET / HTTP/1.1\r\nHost: a\r\nA: " + value + "\r\n\r\n");
      bool is_fine = code == '\t' || (code >= 0x20 && code != 0x7f);
      ASSERT_EQ(result.state, is_fine ? State::complete : State::rejected) << code << " at " << at;
    }
  }
}

TEST(RequestParser, holds_to_the_limits_it_was_given) {
  const Limits tight = {.request_line_bytes_max = 14, .head_bytes_max = 60, .fields_max = 2};
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(RequestParser(tight).parse(start + "\r\n").state, State::complete);
  EXPECT_EQ(RequestParser(tight).parse("GET /a HTTP/1.1\r\n").rejection.status, 414);
  EXPECT_EQ(RequestParser(tight).parse(start + "A:\r\nB:\r\n").rejection.status, 431);
  EXPECT_EQ(RequestParser(tight).parse(start + std::string(40, 'A')).rejection.status, 431);
}

// The method is passed before the limit of its line is looked at, and the largest limit has no room
// for the line end behind it.
TEST(RequestParser, takes_any_number_for_a_limit) {
  for (std::size_t none : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    const Limits tight = {.request_line_bytes_max = none};
    EXPECT_EQ(RequestParser(tight).parse(small).rejection.status, 414) << none;
    EXPECT_EQ(RequestParser({.head_bytes_max = none}).parse(small).rejection.status, 431) << none;
    RequestParser slow(tight);
    EXPECT_EQ(slow.parse(small.substr(0, 1)).state, State::incomplete) << none;
    EXPECT_EQ(slow.parse(small).rejection.status, 414) << none;
  }
  EXPECT_EQ(RequestParser({.fields_max = 0}).parse(small).rejection.status, 431);
  for (std::size_t largest : {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 2, SIZE_MAX - 3}) {
    const Limits wide = {.request_line_bytes_max = largest};
    EXPECT_EQ(RequestParser(wide).parse(small).state, State::complete);
    EXPECT_EQ(RequestParser(wide).parse("GET /" + std::string(40'000, 'a')).rejection.status, 431);
  }
}

TEST(RequestHead, finds_a_field_in_any_case_of_letters) {
  RequestParser parser;
  parser.parse(small);
  EXPECT_EQ(parser.head().field("ACCEPT"), "c d");
}

TEST(RequestHead, knows_a_missing_field_from_an_empty_one) {
  RequestParser parser;
  parser.parse("GET / HTTP/1.1\r\nHost: a\r\nEmpty:\r\n\r\n");
  EXPECT_EQ(parser.head().field("Empty"), "");
  EXPECT_EQ(parser.head().field("Missing"), std::nullopt);
}

TEST(RequestHead, gives_the_first_of_several_fields) {
  RequestParser parser;
  parser.parse("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\na: 2\r\n\r\n");
  EXPECT_EQ(parser.head().field("a"), "1");
}

TEST(RequestHead, names_fields_as_they_were_sent) {
  RequestParser parser;
  parser.parse(small);
  EXPECT_EQ(parser.head().field_at(1).name, "Accept");
}

TEST(RequestHead, keeps_the_request_line_for_the_log) {
  RequestParser parser;
  parser.parse(small);
  EXPECT_EQ(parser.head().request_line(), "GET /a HTTP/1.1");
}

TEST(RequestHead, leaves_out_framing_fields_spelt_with_an_underscore) {
  RequestParser parser;
  parser.parse("GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nX_Y: z\r\n\r\n");
  EXPECT_EQ(parser.head().field("Content_Length"), std::nullopt);
  EXPECT_EQ(parser.head().field("X_Y"), "z");
}

TEST(RequestHead, knows_the_methods_by_name) {
  constexpr std::pair<std::string_view, Method> methods[] = {
      {"GET", Method::get},     {"HEAD", Method::head},      {"POST", Method::post},
      {"PUT", Method::put},     {"DELETE", Method::delete_}, {"OPTIONS", Method::options},
      {"TRACE", Method::trace}, {"PATCH", Method::patch},    {"GETS", Method::other},
      {"Get", Method::other}};
  for (auto [name, method] : methods) {
    RequestParser parser;
    parser.parse(std::string(name) + " / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(parser.head().method(), method) << name;
  }
}

}  // namespace
}  // namespace duet::http
