#pragma once
// Turns the bytes of a connection into a RequestHead: no I/O, no allocation, no clock, no throw.
//
// One parser serves one connection, on whichever thread that runs. The caller collects bytes in a
// buffer of its own and calls `parse` with everything since the start of the request; each byte is
// looked at once, however many calls it takes. Bytes split in any way give the same result.
// It is strict: what RFC 9112 leaves to the server's mercy is refused, because two parsers that
// forgive differently are how requests are smuggled. src/http/request_parser.cpp has the theory.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "duet/http/request_head.hpp"

namespace duet::http {

// Lines are counted without their line ends, the head with them.
struct Limits {
  std::size_t request_line_bytes_max = 8 * 1024;     // beyond: 414
  std::size_t head_bytes_max = 32 * 1024;            // beyond: 431; at most RequestHead::bytes_cap
  std::size_t fields_max = RequestHead::fields_cap;  // beyond: 431; at most that cap
};

// What to answer before closing the connection: its place in the stream of requests is lost.
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

class RequestParser {
 public:
  explicit RequestParser(const Limits& limits = {}) noexcept;

  // `input` is what earlier calls were given, unchanged but perhaps at another address, and more.
  // Once complete or rejected, further calls give the same result until `reset`.
  ParseResult parse(std::string_view input) noexcept;

  // Has meaning after parse said complete; its views point into the input of the last call.
  const RequestHead& head() const noexcept { return head_; }

  // Whether any byte of the request has come, not counting empty lines before it: tells an idle
  // connection from one in the middle of a head.
  bool has_begun() const noexcept { return state_ != State::start; }

  // Ready for the next request, whose first byte is the first of the next `input`.
  void reset() noexcept;

 private:
  enum class State : unsigned char { start, method, request_line, fields, complete, rejected };

  bool skip_empty_lines(std::string_view window) noexcept;
  bool scan_method(std::string_view window) noexcept;
  bool scan_request_line(std::string_view window) noexcept;
  bool scan_field(std::string_view window) noexcept;
  bool scan_line(std::string_view window) noexcept;

  Rejection accept_request_line(std::string_view line) noexcept;
  Rejection accept_field(std::string_view line) noexcept;
  Rejection accept_meaning(Field field, std::string_view raw_value) noexcept;
  Rejection accept_host(std::string_view value) noexcept;
  Rejection accept_content_length(std::string_view value) noexcept;
  Rejection accept_transfer_encoding(std::string_view raw_value) noexcept;
  Rejection accept_expectation(std::string_view value) noexcept;
  void accept_connection_options(std::string_view value) noexcept;
  Rejection finish() noexcept;

  bool reject(Rejection rejection) noexcept;
  RequestHead::Slice slice(std::string_view part) const noexcept;

  Limits limits_;
  State state_ = State::start;
  std::size_t scanned_ = 0;     // every byte before this one has been looked at
  std::size_t line_begin_ = 0;  // of the line that scanned_ is in
  std::size_t lines_ = 0;       // of the current state: empty lines, later field lines
  bool has_host_ = false;
  bool has_content_length_ = false;
  bool has_transfer_encoding_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  Rejection rejection_;
  RequestHead head_;
};

}  // namespace duet::http
