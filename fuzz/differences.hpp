#pragma once
// Where our reading of a stream of requests and that of Boost.Beast may part. The list is closed:
// any other difference is a defect of one of them. docs/fuzzing.md has the reasons in prose.

#include <string_view>

#include "beast_stream.hpp"

namespace duet::http {

// Small, so that short inputs reach them.
inline constexpr Limits head_limits = {
    .request_line_bytes_max = 256, .head_bytes_max = 1024, .fields_max = 16};
inline constexpr ChunkLimits chunk_limits = {.line_bytes_max = 32,
                                             .extension_bytes_max = 64,
                                             .trailer_bytes_max = 128,
                                             .trailer_fields_max = 4};

// The request at which the two part.
struct Parting {
  std::string_view bytes;           // from its first byte to the end of the stream
  std::string_view reason;          // why we refuse it; empty if we do not
  const SeenRequest* ours;          // its head if we have it
  const SeenRequest* beasts;        // its head if Beast has it
  std::string_view error_of_beast;  // why Beast refuses it; empty if it does not
};

// We refuse what Beast accepts, and mean it.
bool is_meant_strictness(const Parting& parting);

// We accept what Beast refuses, and mean it.
bool is_meant_leniency(const Parting& parting);

// One of us keeps the connection after a request that both accept, and the other does not.
bool is_meant_end_of_connection(const SeenRequest& request);

// A field that we leave out and Beast keeps.
bool is_left_out(std::string_view name);

}  // namespace duet::http
