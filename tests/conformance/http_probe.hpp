#pragma once
// A handler that shows what it understood of a request.

#include "duet/http/server.hpp"

namespace duet::test {

//   /        GET and HEAD: "OK"; any other method: the body, when it has been read to its end
//   /fields  the fields, a line for each
//   /about   method, authority, path and query
//   /stream  the body, while it comes
//   /leave   nothing of the body is read
//   /only    GET alone
Task<http::Response> probe(http::Request request);

}  // namespace duet::test
