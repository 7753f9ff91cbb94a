#pragma once
// Handlers that several behaviours are shown with.

#include <string>

#include "duet/duet.hpp"

namespace duet::test {

// The one of examples/echo.cpp.
Task<> echo(Stream peer);

// Reads to the end and then sends the number of bytes, as text.
Task<> count_bytes(Stream peer);

// Sends `count` bytes of pattern() and ends.
Task<> send_pattern(Stream peer, std::size_t count);

// Runs `body` and sends what it returns, or how it failed. This is how a test looks at what happens
// within a handler, under models that share no memory with it.
using Body = Task<std::string> (*)(Stream& peer);
Task<> answer(Stream peer, Body body);

// Both ends of a TCP connection, on the current loop.
struct Pair {
  Stream near;
  Stream far;
};
Task<Pair> connected_pair();

}  // namespace duet::test
