#pragma once
// Turns the bytes of a client's connection into a ReceivedHead: no I/O, no allocation, no clock, no
// throw.
//
// One parser serves one connection, on whichever thread that runs. It is used like a RequestParser
// and as strict. What to expect depends on the request: `reset` is told its method. After an
// interim response (ReceivedHead::is_interim) the next one answers the same request. A rejection
// bears the status 502, for whoever has to answer a request of its own with it; either way the
// connection must be closed.

#include <string_view>

#include "duet/http/message_parser.hpp"
#include "duet/http/received_head.hpp"
#include "duet/http/request_head.hpp"

namespace duet::http {

class ResponseParser : public MessageParser {
 public:
  explicit ResponseParser(Method request = Method::get, const Limits& limits = {}) noexcept
      : MessageParser(limits), request_(request) {}

  // As RequestParser::parse.
  ParseResult parse(std::string_view input) noexcept;

  // Has meaning after parse said complete; its views point into the input of the last call.
  const ReceivedHead& head() const noexcept { return head_; }

  // Ready for the next response, to a request of this method.
  void reset(Method request) noexcept;

 private:
  bool scan_protocol(std::string_view window) noexcept;
  bool scan_status_line(std::string_view window) noexcept;
  bool scan_field(std::string_view window) noexcept;

  Rejection accept_status_line(std::string_view line) noexcept;
  void decide_framing() noexcept;

  Method request_;
  ReceivedHead head_;
};

}  // namespace duet::http
