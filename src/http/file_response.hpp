#pragma once
// The answer with a file's bytes: all of them, a range, or several ranges as multipart/byteranges.

#include "duet/http/response.hpp"
#include "http/found_file.hpp"

namespace duet::http {

// Judges the request's conditions and ranges by what the file is now.
Response file_response(FoundFile found, const RequestHead& request, std::chrono::sys_seconds now);

}  // namespace duet::http
