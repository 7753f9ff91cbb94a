#pragma once
// Files as the system knows them: what stat(2) tells, how one is opened, what a folder lists.

#include <cstdint>
#include <string>

namespace duet {

struct FileFacts {
  enum class Type : std::uint8_t { file, directory, other };

  Type type = Type::other;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  // the content; since the epoch of Unix
  std::int64_t changed_ns = 0;   // the content or anything else about the file
  std::uint64_t device = 0;
  std::uint64_t inode = 0;  // another file of the same name has another one

  bool operator==(const FileFacts&) const = default;
};

enum class FileAccess : std::uint8_t {
  read,
  create,  // for writing; what the file had is gone
};

struct FolderEntry {
  std::string name;
  bool is_folder = false;  // links count as what they are, not as what they lead to
};

}  // namespace duet
