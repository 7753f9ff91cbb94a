#pragma once
// What the parsers of requests and responses share: limits, outcomes, lines, fields, and the fields
// that say where a body ends. Not used by itself: see RequestParser and ResponseParser.
// src/http/message_parser.cpp has the theory of operation.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "duet/http/message_head.hpp"

namespace duet::http {

// Lines are counted without their line ends, the head with them. A limit below what the shortest
// message has (14 bytes, 18 bytes, and for HTTP/1.1 one field) refuses all.
struct Limits {
  std::size_t request_line_bytes_max = 8 * 1024;     // or status line; beyond: 414
  std::size_t head_bytes_max = 32 * 1024;            // beyond: 431; at most MessageHead::bytes_cap
  std::size_t fields_max = MessageHead::fields_cap;  // beyond: 431; at most that cap
};

// What to answer before closing the connection: its place in the stream of messages is lost.
struct Rejection {
  int status = 0;
  std::string_view reason;  // for the log and the answer's body; a literal

  explicit operator bool() const noexcept { return status != 0; }
};

struct ParseResult {
  enum class State : unsigned char { incomplete, complete, rejected };

  State state = State::incomplete;
  std::size_t consumed = 0;  // if complete: bytes of the head, the blank line included
  Rejection rejection;       // if rejected
};

class MessageParser {
 public:
  // Whether any byte of the message has come, not counting empty lines before a request: tells an
  // idle connection from one in the middle of a head.
  bool has_begun() const noexcept { return state_ != State::start; }

 protected:
  enum class State : unsigned char { start, first_word, first_line, fields, complete, rejected };

  struct FieldLine {
    Field field;
    std::string_view raw_value;  // with the blanks around it
  };

  explicit MessageParser(const Limits& limits) noexcept;

  void reset(MessageHead& head) noexcept;

  // The part of `input` that a head may take; the views of `head` point there now.
  std::string_view begin(std::string_view input, MessageHead& head) noexcept;
  ParseResult result(std::string_view window) noexcept;

  // Each of these returns false when it needs more bytes or has rejected. A line is without its
  // line end. An empty line from `scan_field` is the end of the head.
  bool scan_first_line(std::string_view window, std::string_view& line) noexcept;
  bool scan_line(std::string_view window, std::string_view& line) noexcept;

  // Adds a field to `head`. `out` stays empty for one that is left out.
  Rejection accept_field(std::string_view line, MessageHead& head, FieldLine& out) noexcept;

  // If the field is one that frames the message.
  Rejection accept_framing(const FieldLine& line, MessageHead& head) noexcept;
  Rejection finish(MessageHead& head) noexcept;

  // Always false, so that steps of a parser can return it.
  bool reject(Rejection rejection) noexcept;

  Limits limits_;
  State state_ = State::start;
  std::size_t scanned_ = 0;     // every byte before this one has been looked at
  std::size_t line_begin_ = 0;  // of the line that scanned_ is in
  std::size_t lines_ = 0;       // of the current state: empty lines, later field lines

 private:
  Rejection accept_content_length(std::string_view value, MessageHead& head) noexcept;
  Rejection accept_transfer_encoding(std::string_view raw_value, MessageHead& head) noexcept;
  void accept_connection_options(std::string_view value) noexcept;

  bool has_content_length_ = false;
  bool has_transfer_encoding_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  Rejection rejection_;
};

}  // namespace duet::http
