// Theory of operation.
//
// The head is taken line by line. A line is first searched for its end, and since neither CR nor LF
// nor any other control character but tab may stand inside a line, that search is also the check
// for all of them: the first control character must be CR, and LF must follow. A complete line is
// then judged at once. So a request is refused at the first byte or line that is wrong, no byte is
// looked at by two calls, and where the input was split cannot matter: each decision depends on
// bytes at or before scanned_ alone, and the limits are bounds of the window that is searched.
//
// The method is the exception: it is checked byte by byte before its line has ended, so that a TLS
// hello or other garbage is refused on its first bytes rather than waited for.
//
//   state         a byte or line                      next
//   ------------  ----------------------------------  -----------------------------------------
//   start         empty line, at most two             start
//                 anything but CR                     method
//   method        token characters, then one space    request_line
//   request_line  the rest of a valid request line    fields
//   fields        name ":" value                      fields
//                 empty line, and the whole is valid  complete
//   any           anything else                       rejected
//   complete, rejected                                stay until reset
//
// What a field means is in request_fields.cpp, what a target may look like in request_line.cpp.

#include "duet/http/request_parser.hpp"

#include "duet/base/assert.hpp"
#include "http/characters.hpp"
#include "http/request_line.hpp"

namespace duet::http {
namespace {

constexpr std::size_t empty_lines_max = 2;
constexpr std::size_t method_bytes_max = 32;  // the longest registered one has 17

}  // namespace

RequestParser::RequestParser(const Limits& limits) noexcept : limits_(limits) {
  DUET_ASSERT(limits.head_bytes_max <= RequestHead::bytes_cap);
  DUET_ASSERT(limits.fields_max <= RequestHead::fields_cap);
}

void RequestParser::reset() noexcept {
  state_ = State::start;
  scanned_ = line_begin_ = lines_ = 0;
  has_host_ = has_content_length_ = has_transfer_encoding_ = false;
  says_close_ = says_keep_alive_ = false;
  rejection_ = {};
  head_.request_line_ = {};
  head_.method_ = Method::other;
  head_.version_minor_ = 1;
  head_.content_length_ = 0;
  head_.framing_ = Framing::none;
  head_.keep_alive_ = head_.expects_continue_ = false;
  head_.field_count_ = 0;
}

ParseResult RequestParser::parse(std::string_view input) noexcept {
  DUET_ASSERT(input.size() >= scanned_);
  head_.bytes_ = input.data();
  std::string_view window = input.substr(0, limits_.head_bytes_max);
  bool goes_on = true;
  while (goes_on) {
    switch (state_) {
      case State::start: goes_on = skip_empty_lines(window); break;
      case State::method: goes_on = scan_method(window); break;
      case State::request_line: goes_on = scan_request_line(window); break;
      case State::fields: goes_on = scan_field(window); break;
      case State::complete:
      case State::rejected: goes_on = false; break;
    }
  }
  if (state_ == State::complete) return {ParseResult::State::complete, scanned_, {}};
  if (state_ != State::rejected && window.size() == limits_.head_bytes_max)
    reject({431, "request head is too long"});
  if (state_ == State::rejected) return {ParseResult::State::rejected, 0, rejection_};
  return {};
}

// Each of the following returns false when it needs more bytes or the end is reached.

bool RequestParser::skip_empty_lines(std::string_view window) noexcept {
  if (scanned_ == window.size()) return false;
  if (window[scanned_] != '\r') {
    line_begin_ = scanned_;
    lines_ = 0;
    state_ = State::method;
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
  head_.method_token_ = slice(window.substr(line_begin_, size));
  state_ = State::request_line;
  return true;
}

bool RequestParser::scan_request_line(std::string_view window) noexcept {
  std::string_view narrow = window.substr(0, line_begin_ + limits_.request_line_bytes_max + 2);
  std::size_t begin = line_begin_;
  if (!scan_line(narrow)) {
    bool is_too_long = narrow.size() == begin + limits_.request_line_bytes_max + 2;
    if (state_ != State::rejected && is_too_long) reject({414, "request line is too long"});
    return false;
  }
  Rejection wrong = accept_request_line(window.substr(begin, scanned_ - 2 - begin));
  if (wrong) return reject(wrong);
  state_ = State::fields;
  return true;
}

bool RequestParser::scan_field(std::string_view window) noexcept {
  std::size_t begin = line_begin_;
  if (!scan_line(window)) return false;
  std::string_view line = window.substr(begin, scanned_ - 2 - begin);
  bool is_last = line.empty();
  Rejection wrong = is_last ? finish() : accept_field(line);
  if (wrong) return reject(wrong);
  if (is_last) state_ = State::complete;
  return true;
}

// Passes the end of the line that begins at line_begin_, and begins the next one there.
bool RequestParser::scan_line(std::string_view window) noexcept {
  scanned_ = find_control(window, scanned_);
  if (scanned_ == window.size()) return false;
  if (window[scanned_] == '\n') return reject({400, "LF without CR"});
  if (window[scanned_] != '\r') return reject({400, "control character in the head"});
  if (scanned_ + 1 == window.size()) return false;
  if (window[scanned_ + 1] != '\n') return reject({400, "CR without LF"});
  scanned_ += 2;
  line_begin_ = scanned_;
  return true;
}

Rejection RequestParser::accept_request_line(std::string_view line) noexcept {
  head_.request_line_ = slice(line);
  RequestLine parsed;
  Rejection wrong = parse_request_line(line, head_.method_token_.size, parsed);
  if (wrong) return wrong;
  head_.method_ = parsed.method;
  head_.version_minor_ = parsed.version_minor;
  head_.target_ = slice(parsed.target);
  head_.target_form_ = parsed.form;
  head_.authority_ = slice(parsed.authority);
  head_.path_and_query_ = slice(parsed.path_and_query);
  return {};
}

// Always false, so that the steps above can return it.
bool RequestParser::reject(Rejection rejection) noexcept {
  rejection_ = rejection;
  state_ = State::rejected;
  return false;
}

RequestHead::Slice RequestParser::slice(std::string_view part) const noexcept {
  if (part.empty()) return {};
  return {.begin = static_cast<std::uint16_t>(part.data() - head_.bytes_),
          .size = static_cast<std::uint16_t>(part.size())};
}

}  // namespace duet::http
