#pragma once
// Writes the heads of answers into a connection's writer.

#include <string_view>

#include "duet/http/serve.hpp"

namespace duet::http {

// Room that any head of ours fits into.
inline constexpr std::size_t head_bytes_max = 12 * 1024;

struct AnswerHead {
  int status;
  std::string_view content_type;
  std::uint64_t content_length;
  std::string_view location;  // if not empty
};

// The writer has room for head_bytes_max.
void write_head(Exchange exchange, const AnswerHead& answer);

// Whether bytes of a body follow the head.
bool has_body(const RequestHead& head) noexcept;

}  // namespace duet::http
