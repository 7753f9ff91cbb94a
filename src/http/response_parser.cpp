// What is particular to responses; message_parser.cpp has the theory of operation.

#include "duet/http/response_parser.hpp"

#include <algorithm>

#include "http/characters.hpp"

namespace duet::http {
namespace {

constexpr std::string_view protocol = "HTTP/";

}  // namespace

void ResponseParser::reset(Method request) noexcept {
  MessageParser::reset(head_);
  request_ = request;
}

ParseResult ResponseParser::parse(std::string_view input) noexcept {
  std::string_view window = begin(input, head_);
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::start:
      case State::first_word: goes_on = scan_protocol(window); break;
      case State::first_line: goes_on = scan_status_line(window); break;
      case State::fields: goes_on = scan_field(window); break;
      case State::complete:
      case State::rejected: goes_on = false; break;
    }
  }
  ParseResult parsed = result(window);
  if (parsed.rejection) parsed.rejection.status = 502;
  return parsed;
}

// Each of the following returns false when it needs more bytes or has rejected.

bool ResponseParser::scan_protocol(std::string_view window) noexcept {
  if (window.empty()) return false;
  state_ = State::first_word;
  while (scanned_ < std::min(window.size(), protocol.size())) {
    if (window[scanned_] != protocol[scanned_]) return reject({502, "not an HTTP response"});
    ++scanned_;
  }
  if (scanned_ < protocol.size()) return false;
  state_ = State::first_line;
  return true;
}

bool ResponseParser::scan_status_line(std::string_view window) noexcept {
  std::string_view line;
  if (!scan_first_line(window, line)) return false;
  if (Rejection wrong = accept_status_line(line)) return reject(wrong);
  state_ = State::fields;
  return true;
}

bool ResponseParser::scan_field(std::string_view window) noexcept {
  std::string_view line;
  if (!scan_line(window, line)) return false;
  if (line.empty()) {
    if (Rejection wrong = finish(head_)) return reject(wrong);
    decide_framing();
    state_ = State::complete;
    return false;
  }
  FieldLine field;
  if (Rejection wrong = accept_field(line, head_, field)) return reject(wrong);
  if (Rejection wrong = accept_framing(field, head_)) return reject(wrong);
  return true;
}

// "HTTP/1.1 200 OK"; the space before the reason is there even if the reason is empty (RFC 9112
// §4). A status of more than 599 is none, but to be treated as 500 (RFC 9110 §15): passed on.
Rejection ResponseParser::accept_status_line(std::string_view line) noexcept {
  line.remove_prefix(protocol.size());
  if (line.size() < 4 || line[1] != '.' || line[3] != ' ' || !is_digit(line[0]) ||
      !is_digit(line[2]))
    return {502, "malformed HTTP version"};
  if (line[0] != '1') return {502, "HTTP version is not supported"};
  head_.version_minor_ = line[2] == '0' ? 0 : 1;
  std::string_view rest = line.substr(4);
  std::string_view digits = rest.substr(0, 3);
  bool is_number = digits.size() == 3 && std::ranges::all_of(digits, is_digit);
  if (!is_number || digits[0] == '0' || rest.size() == 3 || rest[3] != ' ')
    return {502, "malformed status line"};
  head_.status_ = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  head_.reason_ = head_.slice(rest.substr(4));
  return {};
}

// RFC 9112 §6.3, what is left of it when the fields have been judged.
void ResponseParser::decide_framing() noexcept {
  int status = head_.status_;
  bool is_tunnel = status == 101 || (request_ == Method::connect && status / 100 == 2);
  bool is_bodiless =
      is_tunnel || status < 200 || status == 204 || status == 304 || request_ == Method::head;
  if (is_bodiless) {
    head_.framing_ = Framing::none;
    head_.content_length_ = 0;
  } else if (head_.framing_ == Framing::none) {
    head_.framing_ = Framing::until_close;
  }
  if (is_tunnel || head_.framing_ == Framing::until_close) head_.keep_alive_ = false;
}

}  // namespace duet::http
