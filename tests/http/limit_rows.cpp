#include "http/request_rows.hpp"

namespace duet::http {
namespace {

constexpr std::size_t line_max = 8 * 1024;
constexpr std::size_t head_max = 32 * 1024;

// A request line of `size` bytes.
std::string line_of(std::size_t size) {
  return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1";
}

std::string target_of(std::size_t size) { return "/" + std::string(size - 14, 'a'); }

// A whole head of `size` bytes.
std::string head_of(std::size_t size) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  return start + std::string(size - start.size() - 4, 'b') + "\r\n\r\n";
}

std::string fields_of(std::size_t count) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 1; i < count; ++i) text += "A: b\r\n";
  return text + "\r\n";
}

}  // namespace

std::vector<RequestRow> limit_rows() {
  const std::string fine = "GET / of a, 1.1, keep, no body";
  const std::string host = "\r\nHost: a\r\n\r\n";
  return {
      {"a_request_line_of_8_kib_is_accepted", line_of(line_max) + host,
       "GET " + target_of(line_max) + " of a, 1.1, keep, no body"},
      {"a_request_line_beyond_8_kib_is_refused", line_of(line_max + 1) + host, "414"},
      {"a_request_line_beyond_8_kib_is_refused_before_it_ends",
       "GET /" + std::string(line_max - 3, 'a'), "414"},
      {"a_request_line_of_8_kib_may_still_end", "GET /" + std::string(line_max - 4, 'a'),
       "incomplete"},
      {"a_head_of_32_kib_is_accepted", head_of(head_max), fine},
      {"a_head_beyond_32_kib_is_refused", head_of(head_max + 1), "431"},
      {"a_head_of_32_kib_without_end_is_refused", head_of(head_max + 2).substr(0, head_max), "431"},
      {"a_head_one_byte_below_32_kib_may_still_end", head_of(head_max).substr(0, head_max - 1),
       "incomplete"},
      {"a_hundred_fields_are_accepted", fields_of(100), fine},
      {"empty_lines_before_the_request_are_no_fields", "\r\n\r\n" + fields_of(100), fine},
      {"a_hundred_and_one_fields_are_refused", fields_of(101), "431"},
      {"a_cookie_of_64_kib_is_refused",
       "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(65536, 'c') + host, "431"},
      {"a_method_of_100_kb_is_refused", std::string(100'000, 'M') + " / HTTP/1.1" + host, "400"},
  };
}

}  // namespace duet::http
