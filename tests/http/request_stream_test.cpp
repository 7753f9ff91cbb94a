#include "http/request_stream.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace duet::http {
namespace {

// All that a client sends, and what a server makes of it, request by request.
struct StreamRow {
  std::string name;
  std::string bytes;
  std::string expected;
};

void PrintTo(const StreamRow& row, std::ostream* out) { *out << row.name; }

// "POST /a 'body'" for each request, an ellipsis if its body has not ended; then "400" or the like,
// or "closed".
std::string outcome(const RequestStream& stream) {
  std::string text;
  for (const SeenRequest& seen : stream.requests()) {
    text += text.empty() ? "" : ", ";
    text += fmt::format("{} {}", seen.method, seen.target);
    if (!seen.body.empty()) text += fmt::format(" '{}'", seen.body);
    if (!seen.has_ended) text += " ...";
  }
  std::string_view comma = text.empty() ? "" : ", ";
  if (stream.state() == RequestStream::State::refused)
    return fmt::format("{}{}{}", text, comma, stream.rejection().status);
  return text + (stream.state() == RequestStream::State::closed ? ", closed" : "");
}

RequestStream fed(std::string_view bytes, std::size_t piece_bytes) {
  RequestStream stream;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size())))
    stream.feed(bytes.substr(0, piece_bytes));
  return stream;
}

RequestStream split_at(std::string_view bytes, std::size_t at) {
  RequestStream stream;
  stream.feed(bytes.substr(0, at));
  stream.feed(bytes.substr(at));
  return stream;
}

class Stream : public testing::TestWithParam<StreamRow> {};

TEST_P(Stream, has_the_stated_outcome_however_it_is_split) {
  const std::string& bytes = GetParam().bytes;
  const RequestStream whole = fed(bytes, bytes.size());
  EXPECT_EQ(outcome(whole), GetParam().expected);
  for (std::size_t piece_bytes : {1, 2, 5}) EXPECT_TRUE(fed(bytes, piece_bytes) == whole);
  for (std::size_t at = 0; at < bytes.size(); ++at)
    ASSERT_TRUE(split_at(bytes, at) == whole) << "split at " << at;
}

const std::string get = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string next = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";

std::string request(const std::string& method, const std::string& field, const std::string& body) {
  return method + " /1 HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n" + body;
}

std::string sized(const std::string& length, const std::string& body) {
  return request("POST", "Content-Length: " + length, body);
}

std::string chunked(const std::string& body) {
  return request("POST", "Transfer-Encoding: chunked", body);
}

const StreamRow rows[] = {
    {"requests_in_one_piece_are_told_apart", get + next, "GET /1, GET /2"},
    {"an_empty_line_between_requests_is_skipped", get + "\r\n" + next, "GET /1, GET /2"},
    {"a_request_before_a_bad_one_stands", get + "GET /2 HTTP/1.1\r\n\r\n" + next, "GET /1, 400"},
    {"garbage_after_a_request_is_refused", get + "\x16\x03\x01", "GET /1, 400"},
    {"what_follows_a_last_request_is_not_read",
     request("GET", "Connection: close", "") + next + "\x16", "GET /1, closed"},
    {"what_follows_a_request_of_version_1_0_is_not_read", "GET /1 HTTP/1.0\r\n\r\n" + next,
     "GET /1, closed"},

    {"a_sized_body_ends_where_it_says", sized("3", "abc") + next, "POST /1 'abc', GET /2"},
    {"a_body_may_look_like_a_request", sized("28", next) + next, "POST /1 '" + next + "', GET /2"},
    {"the_body_of_a_get_is_read", request("GET", "Content-Length: 3", "abc") + next,
     "GET /1 'abc', GET /2"},
    {"a_length_with_leading_zeros_is_decimal", sized("010", "0123456789") + next,
     "POST /1 '0123456789', GET /2"},
    {"a_body_shorter_than_its_length_is_waited_for", sized("5", "abc"), "POST /1 'abc' ..."},
    {"a_body_after_length_0_is_the_next_request", sized("0", "abc\r\n\r\n"), "POST /1, 400"},
    {"a_body_longer_than_its_length_is_the_next_request", sized("2", "ab{}\r\n\r\n"),
     "POST /1 'ab', 400"},
    {"ten_gigabytes_that_do_not_come_are_waited_for", sized("10737418240", "x"), "POST /1 'x' ..."},
    {"a_body_without_length_is_the_next_request", "POST /1 HTTP/1.1\r\nHost: a\r\n\r\n{\"a\":1}",
     "POST /1, 400"},

    {"a_chunked_body_ends_at_its_last_chunk", chunked("3\r\nabc\r\n0\r\n\r\n") + next,
     "POST /1 'abc', GET /2"},
    {"an_empty_chunked_body_ends", chunked("0\r\n\r\n") + next, "POST /1, GET /2"},
    {"trailers_end_with_the_body",
     chunked("3;a=\"b\"\r\nabc\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n") + next,
     "POST /1 'abc', GET /2"},
    {"a_request_in_place_of_the_final_line_is_refused", chunked("3\r\nabc\r\n0\r\n") + next,
     "POST /1 'abc' ..., 400"},
    {"a_chunk_longer_than_its_size_is_refused", chunked("2\r\nabc\r\n0\r\n\r\n") + next,
     "POST /1 'ab' ..., 400"},
    {"a_chunk_of_a_malformed_size_is_refused", chunked("0x3\r\nabc\r\n0\r\n\r\n") + next,
     "POST /1 ..., 400"},
    {"a_chunked_body_that_does_not_end_is_waited_for", chunked("3\r\nabc\r\n"),
     "POST /1 'abc' ..."},

    {"a_length_and_a_coding_are_refused",
     request("POST", "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n") + next, "400"},
    {"a_malformed_coding_is_refused_before_its_body",
     request("POST", "Transfer-Encoding: xchunked", "0\r\n\r\n") + next, "400"},
    {"an_underscored_length_has_no_body", request("POST", "Content_Length: 28", next) + get,
     "POST /1, GET /2, GET /1"},
};

std::string name_of(const testing::TestParamInfo<StreamRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(row, Stream, testing::ValuesIn(rows), name_of);

TEST(RequestStream, keeps_two_thousand_pipelined_requests_in_order) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += fmt::format("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", i);
  const RequestStream stream = fed(bytes, 1000);
  ASSERT_EQ(stream.requests().size(), 2000U);
  for (std::size_t i = 0; i < 2000; ++i)
    ASSERT_EQ(stream.requests()[i].target, fmt::format("/{}", i));
}

}  // namespace
}  // namespace duet::http
