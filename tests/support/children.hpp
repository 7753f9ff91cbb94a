#pragma once
// Commands, and talk with those that run them.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "duet/loop/all.hpp"
#include "duet/process/child.hpp"

namespace duet::test {

// A command whose output we read.
template <class... Words>
Command speaking(Words... words) {
  Command command(std::vector<std::string>{words...});
  command.output = Command::Channel::pipe;
  return command;
}

// The same for a line of the shell.
inline Command shell(std::string line) { return speaking("sh", "-c", line); }

// The same, with an input that we write: it ends when its input does.
template <class... Words>
Command listening(Words... words) {
  Command command = speaking(words...);
  command.input = Command::Channel::pipe;
  return command;
}

// Commands that nobody talks with.
inline Command brief() { return Command({"true"}); }
inline Command endless() { return Command({"sleep", "1000"}); }

inline Task<std::string> read_all(Stream& stream) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    std::size_t n = co_await stream.read_some(std::as_writable_bytes(std::span(buffer)));
    if (n == 0) co_return text;
    text.append(buffer.data(), n);
  }
}

// How it ends: "exit code 0".
inline Task<std::string> end_of(Child& child) {
  ExitStatus status = co_await child.wait();
  co_return status.text();
}

// What it writes, and how it ends: "text|exit code 0".
inline Task<std::string> outcome_of(Command command) {
  Child child = co_await Child::start(std::move(command));
  std::string text = co_await read_all(child.output());
  std::string end = co_await end_of(child);
  co_return text + "|" + end;
}

}  // namespace duet::test
