#pragma once
// The syntax of field lines (RFC 9112 §5) and lists (RFC 9110 §5.6.1), for whoever reads fields: of
// a request, of a response, of a chunked body's trailers. Pure functions.

#include <cstddef>

#include "duet/http/request_parser.hpp"

namespace duet::http {

// Why a line is refused whose first `name_size` bytes are a token and whose next byte is neither
// one of a token nor the colon behind a name; `next` is CR for the line's end.
Rejection bad_field_name(std::size_t name_size, char next) noexcept;

}  // namespace duet::http
