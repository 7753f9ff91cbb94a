#pragma once
// Turns the bytes of a connection into a RequestHead: no I/O, no allocation, no clock, no throw.
//
// One parser serves one connection, on whichever thread that runs. The caller collects bytes in a
// buffer of its own and calls `parse` with everything since the start of the request; each byte is
// looked at once, however many calls it takes. Bytes split in any way give the same result.
// It is strict: what RFC 9112 leaves to the server's mercy is refused, because two parsers that
// forgive differently are how requests are smuggled. src/http/message_parser.cpp has the theory.

#include <string_view>

#include "duet/http/message_parser.hpp"
#include "duet/http/request_head.hpp"

namespace duet::http {

class RequestParser : public MessageParser {
 public:
  explicit RequestParser(const Limits& limits = {}) noexcept : MessageParser(limits) {}

  // `input` is what earlier calls were given, unchanged but perhaps at another address, and more.
  // Once complete or rejected, further calls give the same result until `reset`.
  ParseResult parse(std::string_view input) noexcept;

  // Has meaning after parse said complete; its views point into the input of the last call.
  const RequestHead& head() const noexcept { return head_; }

  // Ready for the next request, whose first byte is the first of the next `input`.
  void reset() noexcept;

 private:
  bool skip_empty_lines(std::string_view window) noexcept;
  bool scan_method(std::string_view window) noexcept;
  bool scan_request_line(std::string_view window) noexcept;
  bool scan_field(std::string_view window) noexcept;

  Rejection accept_request_line(std::string_view line) noexcept;
  Rejection accept_meaning(const FieldLine& line) noexcept;
  Rejection accept_host(std::string_view value) noexcept;
  Rejection accept_expectation(std::string_view value) noexcept;

  bool has_host_ = false;
  RequestHead head_;
};

}  // namespace duet::http
