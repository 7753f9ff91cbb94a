#pragma once
// Requests and what a strict parser makes of them, as data. Each row is run whole, byte by byte and
// split at every point by request_parser_test.cpp.

#include <ostream>
#include <string>
#include <vector>

namespace duet::http {

struct RequestRow {
  std::string name;      // the behaviour, as a sentence
  std::string bytes;     // as they come over the wire
  std::string expected;  // as `describe` of request_feeding.hpp writes it
};

inline void PrintTo(const RequestRow& row, std::ostream* out) { *out << row.name; }

std::vector<RequestRow> request_line_rows();
std::vector<RequestRow> target_rows();
std::vector<RequestRow> field_rows();
std::vector<RequestRow> host_rows();
std::vector<RequestRow> framing_rows();
std::vector<RequestRow> limit_rows();

}  // namespace duet::http
