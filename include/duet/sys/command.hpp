#pragma once
// What a child process runs: a program, its arguments and its surroundings. A plain value.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace duet {

struct Command {
  // Where one of the standard descriptors leads: to where ours does, to /dev/null, or to us.
  enum class Channel : std::uint8_t { inherit, nothing, pipe };

  // The program and its arguments. A program without a slash is looked for in our PATH.
  explicit Command(std::vector<std::string> program_and_arguments)
      : words(std::move(program_and_arguments)) {}

  std::vector<std::string> words;
  std::string directory;                                // empty: ours
  std::optional<std::vector<std::string>> environment;  // "NAME=value" each; nothing: ours
  Channel input = Channel::nothing;
  Channel output = Channel::inherit;
  Channel errors = Channel::inherit;
};

}  // namespace duet
