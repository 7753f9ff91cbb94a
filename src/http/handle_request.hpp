#pragma once
// What happens between a request's head and the end of its answer.

#include "duet/http/server.hpp"
#include "http/input.hpp"

namespace duet::http {

enum class After : unsigned char {
  keep,   // the connection goes on with the next request
  close,  // the answer is the last
  gone,   // there is nobody to answer
};

// What a connection has for all of its requests.
struct Conversation {
  Stream& peer;
  Input& input;
  Writer& writer;
  RequestParser& parser;
  const ServeOptions& options;
  const Handler& handler;
};

// `parsed` is what the parser said of the head at the front of the input, complete or rejected. The
// answer is in the writer afterwards, or on its way; what is left of the request, in the input,
// only its head. `is_last`: the server wants to end the connection.
Task<After> handle_request(Conversation& conversation, ParseResult parsed, bool is_last);

}  // namespace duet::http
