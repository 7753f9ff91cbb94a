#pragma once
// What stat(2) tells of an open file.

#include <cstdint>

namespace duet {

struct FileFacts {
  enum class Type : std::uint8_t { file, directory, other };

  Type type = Type::other;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // since the epoch of Unix
};

}  // namespace duet
