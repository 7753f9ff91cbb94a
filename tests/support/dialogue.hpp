#pragma once
// Bytes that are sent to a server in pieces, over a connection of their own, and what comes back:
// for tests that hold many of them against each other. The client ends its side after the last
// piece and receives to the end.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "duet/sys/address.hpp"

namespace duet::test {

struct Dialogue {
  std::string_view bytes;
  std::vector<std::size_t> cuts;  // where a piece ends and the next begins, in order
  std::string received = {};
  bool was_reset = false;
};

// Carries the dialogues out, up to `at_once` of them side by side. Each piece is a segment of its
// own, and between two pieces of one all others have their turn. Throws std::system_error when
// nothing happens for too long.
void carry_out(std::span<Dialogue> dialogues, const Address& server, std::size_t at_once);

}  // namespace duet::test
