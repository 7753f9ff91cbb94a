#include "duet/http/response_parser.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/feeding.hpp"

namespace duet::http {

std::string whole_outcome(const ParseResult& result, const ResponseParser& parser);

namespace {

using namespace std::string_literals;
using State = ParseResult::State;

// A response, the method of its request, and what a client makes of it.
struct ResponseRow {
  std::string name;
  std::string bytes;
  std::string expected;  // as `outcome` writes it
  Method request = Method::get;
};

void PrintTo(const ResponseRow& row, std::ostream* out) { *out << row.name; }

std::string framing(const ReceivedHead& head) {
  switch (head.framing()) {
    case Framing::none: return "no body";
    case Framing::length: return fmt::format("length {}", head.content_length());
    case Framing::chunked: return "chunked";
    case Framing::until_close: return "until close";
  }
  return "";
}

std::string outcome(const ParseResult& result, const ResponseParser& parser) {
  if (result.state == State::incomplete) return "incomplete";
  if (result.state == State::rejected) return fmt::format("{}", result.rejection.status);
  const ReceivedHead& head = parser.head();
  return fmt::format("{} '{}', 1.{}, {}, {}", head.status(), head.reason(), head.version_minor(),
                     head.keep_alive() ? "keep" : "close", framing(head));
}

class Response : public testing::TestWithParam<ResponseRow> {};

TEST_P(Response, has_the_stated_outcome_however_it_is_split) {
  const ResponseRow& row = GetParam();
  ResponseParser parser(row.request);
  ParseResult result = parser.parse(row.bytes);
  EXPECT_EQ(outcome(result, parser), row.expected);
  expect_the_same_however_split(row.bytes, ResponseParser(row.request));
}

ResponseRow line(std::string name, const std::string& text, std::string expected) {
  return {std::move(name), text + "\r\nContent-Length: 0\r\n\r\n", std::move(expected)};
}

ResponseRow with(std::string name, const std::string& fields, std::string expected,
                 const std::string& status = "200 OK", Method request = Method::get) {
  return {std::move(name), "HTTP/1.1 " + status + "\r\n" + fields + "\r\n\r\n", std::move(expected),
          request};
}

const std::string empty = "200 'OK', 1.1, keep, length 0";

const ResponseRow line_rows[] = {
    {"nothing_is_incomplete", "", "incomplete"},
    {"a_head_without_its_last_line_feed_is_incomplete", "HTTP/1.1 200 OK\r\n\r", "incomplete"},
    line("a_plain_response_is_complete", "HTTP/1.1 200 OK", empty),
    line("a_reason_may_hold_spaces_tabs_and_other_bytes_than_ascii",
         "HTTP/1.1 404 Not\tFound \xc3\xa4", "404 'Not\tFound \xc3\xa4', 1.1, keep, length 0"),
    line("a_reason_may_be_empty", "HTTP/1.1 200 ", "200 '', 1.1, keep, length 0"),
    line("a_status_without_the_space_behind_it_is_refused", "HTTP/1.1 200", "502"),
    line("an_unknown_status_is_passed_on", "HTTP/1.1 799 x", "799 'x', 1.1, keep, length 0"),
    line("version_1_0_closes", "HTTP/1.0 200 OK", "200 'OK', 1.0, close, length 0"),
    line("version_1_9_is_treated_as_1_1", "HTTP/1.9 200 OK", empty),
    line("version_2_is_refused", "HTTP/2.0 200 OK", "502"),
    line("version_9_is_refused", "HTTP/9 200 OK", "502"),
    line("version_9_9_is_refused", "HTTP/9.9 200 OK", "502"),
    line("version_1_10_is_refused", "HTTP/1.10 200 OK", "502"),
    line("a_version_without_dot_is_refused", "HTTP/111 200 OK", "502"),
    line("a_version_in_lower_case_is_refused", "http/1.1 200 OK", "502"),
    line("an_empty_line_before_the_response_is_refused", "\r\nHTTP/1.1 200 OK", "502"),
    line("a_space_before_the_response_is_refused", " HTTP/1.1 200 OK", "502"),
    line("two_spaces_before_the_status_are_refused", "HTTP/1.1  200 OK", "502"),
    line("a_tab_before_the_status_is_refused", "HTTP/1.1\t200 OK", "502"),
    line("a_status_of_two_digits_is_refused", "HTTP/1.1 20 OK", "502"),
    line("a_status_of_four_digits_is_refused", "HTTP/1.1 2000 OK", "502"),
    line("a_status_below_100_is_refused", "HTTP/1.1 099 OK", "502"),
    line("a_status_with_a_sign_is_refused", "HTTP/1.1 +20 OK", "502"),
    line("a_status_of_letters_is_refused", "HTTP/1.1 OK 200", "502"),
    line("a_nul_in_the_reason_is_refused", "HTTP/1.1 200 O\0K"s, "502"),
    line("bare_lf_after_the_status_line_is_refused", "HTTP/1.1 200 OK\nA: b", "502"),
    line("bare_cr_in_the_status_line_is_refused", "HTTP/1.1 200 OK\rA: b", "502"),
    {"garbage_is_refused_before_its_line_ends", "SSH-2.0", "502"},
    {"a_tls_alert_is_refused_at_once", "\x15\x03\x01", "502"},
    {"a_page_without_head_is_refused_at_once", "<html>", "502"},
    {"a_status_line_beyond_8_kib_is_refused", "HTTP/1.1 200 " + std::string(8192, 'a'), "502"},
    {"a_head_beyond_32_kib_is_refused", "HTTP/1.1 200 OK\r\nA: " + std::string(32768, 'a'), "502"},
};

const ResponseRow field_rows[] = {
    with("a_length_delimits_the_body", "Content-Length: 5", "200 'OK', 1.1, keep, length 5"),
    with("chunked_delimits_the_body", "Transfer-Encoding: chunked", "200 'OK', 1.1, keep, chunked"),
    with("what_says_nothing_ends_with_the_connection", "A: b", "200 'OK', 1.1, close, until close"),
    with("an_error_has_a_body_as_well", "A: b", "502 'Bad', 1.1, close, until close", "502 Bad"),
    with("connection_close_closes", "Connection: close\r\nContent-Length: 0",
         "200 'OK', 1.1, close, length 0"),
    {"keep_alive_keeps_version_1_0",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n",
     "200 'OK', 1.0, keep, length 3"},
    with("keep_alive_keeps_nothing_that_ends_with_the_connection", "Connection: keep-alive",
         "200 'OK', 1.1, close, until close"),

    with("head_has_no_body", "Content-Length: 5", "200 'OK', 1.1, keep, no body", "200 OK",
         Method::head),
    with("head_has_no_chunked_body", "Transfer-Encoding: chunked", "200 'OK', 1.1, keep, no body",
         "200 OK", Method::head),
    with("head_has_no_body_that_ends_with_the_connection", "A: b", "200 'OK', 1.1, keep, no body",
         "200 OK", Method::head),
    with("no_content_has_no_body", "Content-Length: 5", "204 'x', 1.1, keep, no body", "204 x"),
    with("not_modified_has_no_body", "Content-Length: 5", "304 'x', 1.1, keep, no body", "304 x"),
    with("continue_has_no_body", "A: b", "100 'x', 1.1, keep, no body", "100 x"),
    with("early_hints_have_no_body", "Content-Length: 5", "103 'x', 1.1, keep, no body", "103 x"),
    with("another_protocol_has_no_body_and_ends_this_one", "Upgrade: websocket",
         "101 'x', 1.1, close, no body", "101 x"),
    with("a_tunnel_has_no_body_and_ends_the_protocol", "Content-Length: 5",
         "200 'OK', 1.1, close, no body", "200 OK", Method::connect),
    with("a_refused_tunnel_has_a_body", "Content-Length: 5", "403 'No', 1.1, keep, length 5",
         "403 No", Method::connect),

    with("a_coding_and_a_length_are_refused", "Content-Length: 5\r\nTransfer-Encoding: chunked",
         "502"),
    with("a_coding_and_a_length_are_refused_for_head_as_well",
         "Content-Length: 5\r\nTransfer-Encoding: chunked", "502", "200 OK", Method::head),
    with("two_lengths_are_refused", "Content-Length: 5\r\nContent-Length: 5", "502"),
    with("a_list_of_lengths_is_refused", "Content-Length: 5, 5", "502"),
    with("a_length_with_a_sign_is_refused", "Content-Length: +5", "502"),
    with("a_length_of_2_to_the_64_is_refused", "Content-Length: 18446744073709551616", "502"),
    with("a_malformed_length_is_refused_where_there_is_no_body", "Content-Length: x", "502",
         "204 x"),
    with("gzip_alone_is_refused", "Transfer-Encoding: gzip", "502"),
    with("gzip_under_chunked_is_refused", "Transfer-Encoding: gzip, chunked", "502"),
    {"a_coding_in_version_1_0_is_refused", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "502"},
    with("a_nul_in_a_value_is_refused", "A: b\0c"s, "502"),
    with("a_nul_in_a_name_is_refused", "A\0: b"s, "502"),
    with("a_folded_field_is_refused", "A: b\r\n c", "502"),
    with("a_space_before_the_colon_is_refused", "A : b", "502"),
    with("a_field_without_colon_is_refused", "A", "502"),
    with("a_field_that_ends_in_bare_lf_is_refused", "A: b\nC: d", "502"),
    with("an_underscore_does_not_make_a_length", "Content_Length: 5",
         "200 'OK', 1.1, close, until close"),
};

std::string name_of(const testing::TestParamInfo<ResponseRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(line, Response, testing::ValuesIn(line_rows), name_of);
INSTANTIATE_TEST_SUITE_P(field, Response, testing::ValuesIn(field_rows), name_of);

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\n";

TEST(ResponseParser, consumes_the_head_and_nothing_more) {
  ResponseParser parser;
  EXPECT_EQ(parser.parse(ok + "ab").consumed, ok.size());
}

TEST(ResponseParser, finds_the_response_behind_an_interim_one) {
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n";
  ResponseParser parser;
  ParseResult first = parser.parse(early + ok);
  EXPECT_TRUE(parser.head().is_interim());
  parser.reset(Method::get);
  EXPECT_EQ(parser.parse(ok).consumed, ok.size());
  EXPECT_EQ(first.consumed, early.size());
  EXPECT_FALSE(parser.head().is_interim());
  EXPECT_EQ(parser.head().field("Link"), std::nullopt);
}

TEST(ResponseParser, takes_another_protocol_for_the_last_response) {
  ResponseParser parser;
  parser.parse("HTTP/1.1 101 x\r\n\r\n");
  EXPECT_FALSE(parser.head().is_interim());
}

TEST(ResponseParser, judges_each_response_by_its_request) {
  ResponseParser parser(Method::head);
  parser.parse(ok);
  EXPECT_EQ(parser.head().framing(), Framing::none);
  parser.reset(Method::get);
  parser.parse(ok);
  EXPECT_EQ(parser.head().framing(), Framing::length);
}

TEST(ResponseParser, gives_no_length_to_what_has_no_body) {
  ResponseParser parser(Method::head);
  parser.parse(ok);
  EXPECT_EQ(parser.head().content_length(), 0U);
  EXPECT_EQ(parser.head().field("Content-Length"), "2");
}

TEST(ResponseParser, has_begun_with_the_first_byte) {
  ResponseParser parser;
  parser.parse("");
  EXPECT_FALSE(parser.has_begun());
  parser.parse("H");
  EXPECT_TRUE(parser.has_begun());
}

TEST(ResponseParser, stays_rejected_until_it_is_reset) {
  ResponseParser parser;
  parser.parse("X");
  EXPECT_EQ(parser.parse("X" + ok).rejection.status, 502);
  parser.reset(Method::get);
  EXPECT_EQ(parser.parse(ok).state, State::complete);
}

}  // namespace

std::string whole_outcome(const ParseResult& result, const ResponseParser& parser) {
  std::string text = fmt::format("{} | {} | {}", outcome(result, parser), result.consumed,
                                 result.rejection.reason);
  if (result.state != State::complete) return text;
  for (std::size_t i = 0; i < parser.head().field_count(); ++i) {
    Field field = parser.head().field_at(i);
    text += fmt::format(" | {}: {}", field.name, field.value);
  }
  return text;
}

}  // namespace duet::http
