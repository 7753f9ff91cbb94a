#pragma once
// The HTTP/1.1 codec: bytes to requests, responses to bytes, without any I/O.
//
// A server loops over one buffer: RequestParser says how much of it is a head, ChunkDecoder what is
// body of what follows, decode_path which file that asks for, evaluate and parse_ranges how much of
// it, mime_type what the file is, ResponseHead writes the answer's head. A client has
// ResponseParser for the answer. No part reads, writes, waits, allocates, throws or asks for the
// time, but for MimeTypes when it is made; the caller owns all memory. Each header states its own
// contract.

#include "duet/http/chunk_decoder.hpp"
#include "duet/http/date.hpp"
#include "duet/http/mime.hpp"
#include "duet/http/preconditions.hpp"
#include "duet/http/ranges.hpp"
#include "duet/http/received_head.hpp"
#include "duet/http/request_head.hpp"
#include "duet/http/request_parser.hpp"
#include "duet/http/response_head.hpp"
#include "duet/http/response_parser.hpp"
#include "duet/http/status.hpp"
#include "duet/http/target.hpp"
