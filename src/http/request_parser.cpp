// What is particular to requests; message_parser.cpp has the theory of operation.

#include "duet/http/request_parser.hpp"

#include "http/fields.hpp"
#include "http/request_line.hpp"

namespace duet::http {
namespace {

constexpr std::size_t empty_lines_max = 2;
constexpr std::size_t method_bytes_max = 32;  // the longest registered one has 17

}  // namespace

void RequestParser::reset() noexcept {
  MessageParser::reset(head_);
  has_host_ = false;
  head_.request_line_ = {};
  head_.method_ = Method::other;
  head_.expects_continue_ = false;
}

ParseResult RequestParser::parse(std::string_view input) noexcept {
  std::string_view window = begin(input, head_);
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::start: goes_on = skip_empty_lines(window); break;
      case State::first_word: goes_on = scan_method(window); break;
      case State::first_line: goes_on = scan_request_line(window); break;
      case State::fields: goes_on = scan_field(window); break;
      case State::complete:
      case State::rejected: goes_on = false; break;
    }
  }
  return result(window);
}

// Each of the following returns false when it needs more bytes or has rejected.

bool RequestParser::skip_empty_lines(std::string_view window) noexcept {
  if (scanned_ == window.size()) return false;
  if (window[scanned_] != '\r') {
    line_begin_ = scanned_;
    lines_ = 0;
    state_ = State::first_word;
    return true;
  }
  if (scanned_ + 1 == window.size()) return false;
  if (window[scanned_ + 1] != '\n') return reject({400, "CR without LF"});
  if (++lines_ > empty_lines_max) return reject({400, "too many empty lines before the request"});
  scanned_ += 2;
  return true;
}

bool RequestParser::scan_method(std::string_view window) noexcept {
  while (scanned_ < window.size() && is_token(window[scanned_])) ++scanned_;
  std::size_t size = scanned_ - line_begin_;
  if (size > method_bytes_max) return reject({400, "method is too long"});
  if (scanned_ == window.size()) return false;
  if (window[scanned_] != ' ' || size == 0) return reject({400, "no method"});
  std::string_view token = window.substr(line_begin_, size);
  head_.method_token_ = head_.slice(token);
  head_.method_ = method_of(token);  // now: to HEAD a refusal has no body, either
  state_ = State::first_line;
  return true;
}

bool RequestParser::scan_request_line(std::string_view window) noexcept {
  std::string_view line;
  if (!scan_first_line(window, line)) return false;
  if (Rejection wrong = accept_request_line(line)) return reject(wrong);
  state_ = State::fields;
  return true;
}

bool RequestParser::scan_field(std::string_view window) noexcept {
  std::string_view line;
  if (!scan_line(window, line)) return false;
  if (line.empty()) {
    if (!has_host_ && head_.version_minor_ > 0) return reject({400, "no Host"});
    if (Rejection wrong = finish(head_)) return reject(wrong);
    state_ = State::complete;
    return false;
  }
  FieldLine field;
  if (Rejection wrong = accept_field(line, head_, field)) return reject(wrong);
  if (Rejection wrong = accept_meaning(field)) return reject(wrong);
  return true;
}

Rejection RequestParser::accept_request_line(std::string_view line) noexcept {
  head_.request_line_ = head_.slice(line);
  RequestLine parsed;
  Rejection wrong = parse_request_line(line, head_.method_token_.size, parsed);
  if (wrong) return wrong;
  head_.version_minor_ = parsed.version_minor;
  head_.target_ = head_.slice(parsed.target);
  head_.target_form_ = parsed.form;
  head_.authority_ = head_.slice(parsed.authority);
  head_.path_and_query_ = head_.slice(parsed.path_and_query);
  return {};
}

Rejection RequestParser::accept_meaning(const FieldLine& line) noexcept {
  const auto& [name, value] = line.field;
  if (name.size() == 4 && equals_ignoring_case(name, "host")) return accept_host(value);
  if (name.size() == 6 && equals_ignoring_case(name, "expect")) return accept_expectation(value);
  return accept_framing(line, head_);
}

Rejection RequestParser::accept_host(std::string_view value) noexcept {
  if (has_host_) return {400, "more than one Host"};
  has_host_ = true;
  if (!is_authority(value, Port::optional)) return {400, "malformed Host"};
  if (head_.authority_.size == 0) head_.authority_ = head_.slice(value);
  return {};
}

Rejection RequestParser::accept_expectation(std::string_view value) noexcept {
  if (head_.version_minor_ == 0) return {};  // RFC 9110 §10.1.1
  bool is_unknown = false;
  for_each_member(value, [&](std::string_view member) {
    if (member.empty()) return;
    if (equals_ignoring_case(member, "100-continue"))
      head_.expects_continue_ = true;
    else
      is_unknown = true;
  });
  return is_unknown ? Rejection{417, "unknown expectation"} : Rejection{};
}

}  // namespace duet::http
