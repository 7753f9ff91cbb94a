#pragma once
// Requests as hostile, careless and honest clients send them, and what a strict server answers:
// data for http_differential_test.cpp, which sends each whole and in pieces to every model. The
// server's handler is probe() of http_probe.hpp.

#include <string>
#include <string_view>
#include <vector>

namespace duet::test {

struct HttpRow {
  std::string name;   // the behaviour, as a sentence
  std::string bytes;  // as they come over the wire
  // The statuses of the answers, and what becomes of the connection: "200 kept", "200 400 closed".
  // Interim answers count; the answer to HEAD is written "head".
  std::string expected;
  std::string body = {};  // if not empty: of all answers below 400, one after another
};

std::vector<HttpRow> http_line_rows();   // request lines, targets, versions
std::vector<HttpRow> http_field_rows();  // fields, Host, Connection
std::vector<HttpRow> http_length_rows();
std::vector<HttpRow> http_chunk_rows();
std::vector<HttpRow> http_sequence_rows();  // Expect, and several requests of a connection

}  // namespace duet::test
