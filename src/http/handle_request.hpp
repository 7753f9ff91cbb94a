#pragma once
// What happens between a request's head and the end of its answer.

#include "duet/http/server.hpp"
#include "http/input.hpp"
#include "http/standing_lines.hpp"

namespace duet::http {

enum class After : unsigned char {
  keep,      // the connection goes on with the next request
  close,     // the answer is the last
  end_body,  // and ends with the connection, which until then is one to be reset
  gone,      // there is nobody to answer
};

// What a connection has for all of its requests.
struct Conversation {
  Stream& peer;
  Input& input;
  Writer& writer;
  RequestParser& parser;
  const ServeOptions& options;
  const Handler& handler;
  const CancelScope& scope;
  StandingLines lines{};
  std::array<Parameter, Exchange::parameters_cap> parameters{};  // of the request under way
};

// `parsed` is what the parser said of the head at the front of the input, complete or rejected. The
// answer is in the writer afterwards, or on its way; what is left of the request, in the input,
// only its head.
Task<After> handle_request(Conversation& with, ParseResult parsed);

}  // namespace duet::http
