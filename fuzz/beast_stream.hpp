#pragma once
// The same bytes as RequestStream reads, read by the parser of Boost.Beast: a second opinion that
// shares no code and no author with ours.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_stream.hpp"

namespace duet::http {

struct BeastRequest {
  std::size_t begin = 0;  // where in the bytes
  bool has_head = false;  // what follows has meaning
  SeenRequest seen;
};

struct BeastStream {
  std::vector<BeastRequest> requests;  // the last one may lack its end, or be refused
  std::string error;                   // why Beast refused the last one; empty if it did not
};

// Reads until a request is refused, says that it is the last, or lacks its end.
BeastStream read_by_beast(std::string_view bytes);

}  // namespace duet::http
