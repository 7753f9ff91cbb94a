// Theory of operation.
//
// The head is taken line by line. A line is first searched for its end, and since neither CR nor LF
// nor any other control character but tab may stand inside a line, that search is also the check
// for all of them: the first control character must be CR, and LF must follow. A complete line is
// then judged at once. So a message is refused at the first byte or line that is wrong, no byte is
// looked at by two calls, and where the input was split cannot matter: each decision depends on
// bytes at or before scanned_ alone, and the limits are bounds of the window that is searched.
//
// The first word is the exception: it is checked byte by byte before its line has ended, so that a
// TLS hello or other garbage is refused on its first bytes rather than waited for.
//
//   state       a byte or line                                 next
//   ----------  ---------------------------------------------  ------------------------------------
//   start       of a request: an empty line, at most two       start
//               anything but CR                                first_word
//   first_word  of a request: token characters, one space      first_line
//               of a response: "HTTP/"                         first_line
//   first_line  the rest of a valid request or status line     fields
//   fields      name ":" value                                 fields
//               empty line, and the whole is valid             complete
//   any         anything else                                  rejected
//   complete, rejected                                         stay until reset
//
// What the fields mean that requests and responses share is in message_fields.cpp; request_line.cpp
// has the request line, request_parser.cpp and response_parser.cpp what is left.

#include "duet/http/message_parser.hpp"

#include <algorithm>

#include "duet/base/assert.hpp"
#include "http/characters.hpp"

namespace duet::http {

MessageParser::MessageParser(const Limits& limits) noexcept : limits_(limits) {
  DUET_ASSERT(limits.head_bytes_max <= MessageHead::bytes_cap);
  DUET_ASSERT(limits.fields_max <= MessageHead::fields_cap);
}

void MessageParser::reset(MessageHead& head) noexcept {
  state_ = State::start;
  scanned_ = line_begin_ = lines_ = 0;
  has_content_length_ = has_transfer_encoding_ = false;
  says_close_ = says_keep_alive_ = false;
  rejection_ = {};
  head.content_length_ = 0;
  head.framing_ = Framing::none;
  head.keep_alive_ = false;
  head.version_minor_ = 1;
  head.field_count_ = 0;
}

std::string_view MessageParser::begin(std::string_view input, MessageHead& head) noexcept {
  DUET_ASSERT(input.size() >= scanned_);
  head.bytes_ = input.data();
  return input.substr(0, limits_.head_bytes_max);
}

ParseResult MessageParser::result(std::string_view window) noexcept {
  if (state_ == State::complete) return {ParseResult::State::complete, scanned_, {}};
  if (state_ != State::rejected && window.size() == limits_.head_bytes_max)
    reject({431, "head is too long"});
  if (state_ == State::rejected) return {ParseResult::State::rejected, 0, rejection_};
  return {};
}

bool MessageParser::scan_first_line(std::string_view window, std::string_view& line) noexcept {
  const std::size_t line_max = std::min(limits_.request_line_bytes_max, limits_.head_bytes_max);
  const std::size_t end_max = line_begin_ + line_max + 2;
  if (scanned_ > end_max) return reject({414, "first line is too long"});  // the first word alone
  std::string_view narrow = window.substr(0, end_max);
  if (scan_line(narrow, line)) return true;
  if (state_ != State::rejected && narrow.size() == end_max)
    reject({414, "first line is too long"});
  return false;
}

// Passes the end of the line that begins at line_begin_, and begins the next one there.
bool MessageParser::scan_line(std::string_view window, std::string_view& line) noexcept {
  scanned_ = find_control(window, scanned_);
  if (scanned_ == window.size()) return false;
  if (window[scanned_] == '\n') return reject({400, "LF without CR"});
  if (window[scanned_] != '\r') return reject({400, "control character in the head"});
  if (scanned_ + 1 == window.size()) return false;
  if (window[scanned_ + 1] != '\n') return reject({400, "CR without LF"});
  line = window.substr(line_begin_, scanned_ - line_begin_);
  scanned_ += 2;
  line_begin_ = scanned_;
  return true;
}

bool MessageParser::reject(Rejection rejection) noexcept {
  rejection_ = rejection;
  state_ = State::rejected;
  return false;
}

}  // namespace duet::http
