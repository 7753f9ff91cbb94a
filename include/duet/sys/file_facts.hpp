#pragma once
// Files as the system knows them: what stat(2) tells, how one is opened, what changes it, what a
// folder lists.

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
  update,      // reading and writing; it has to be there
  write,       // reading and writing; made if it is not there
  create,      // writing; made, or what the file had is gone
  create_new,  // reading and writing; made, and refused (EEXIST) if it is there
  temporary,   // reading and writing, without a name; the path is the folder that it lies in
  look,        // neither: only its facts
};

// Whether bytes go through the page cache, or between the caller's memory and the disk (O_DIRECT).
enum class Caching : std::uint8_t { buffered, direct };

// What addresses of memory, and offsets and lengths in the file, have to be multiples of.
struct Alignment {
  std::uint32_t memory_bytes = 1;
  std::uint32_t offset_bytes = 1;
};

enum class FileChange : std::uint8_t {
  sync,       // the content and all that the file system knows of it reach the disk: fsync(2)
  sync_data,  // the content, and what is needed to read it again: fdatasync(2)
  resize,     // cuts it, or lengthens it by zeros that take no place: ftruncate(2)
  allocate,   // has a place on the disk for as many bytes; lengthens it if need be: fallocate(2)
};

enum class PathChange : std::uint8_t {
  make_folder,
  remove_folder,  // an empty one
  remove,         // anything but a folder
  rename,         // in place of what had the name
  name,           // gives an open file a name, in place of what had it
};

struct FolderEntry {
  std::string name;
  bool is_folder = false;  // links count as what they are, not as what they lead to
};

}  // namespace duet
