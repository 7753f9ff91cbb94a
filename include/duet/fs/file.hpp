#pragma once
// Files for servers: a directory whose inside can be opened and nothing else, and files that are
// read and written at an offset. No call blocks a loop that others share: it is answered from the
// page cache, or else by the kernel's ring or a few threads; under a loop of its own it simply
// blocks. A call to a disk cannot be interrupted: cancellation and deadlines act before it starts
// or after it has ended.

#include <memory>
#include <string>
#include <vector>

#include "duet/io/directory.hpp"
#include "duet/loop/wait.hpp"

namespace duet {

// An open file of one loop, closed at the end of its life.
class File {
 public:
  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;
  ~File() = default;

  // Opens for reading what `path` names below `directory`; a path, or a link, that leads outside is
  // refused by the kernel (EXDEV, openat2(2)). A FIFO or a device is opened without waiting: look
  // at facts() before reading. Throws IoError.
  static Task<File> open(Directory directory, std::string path);

  // Makes the file, or empties the one there is, for writing.
  static Task<File> create(Directory directory, std::string path);

  // Completes when bytes have been read: 1 to buffer.size(), or 0 at the end of the file.
  Wait<io::ReadAt> read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) noexcept;

  // Completes when all bytes have been written to the page cache; after an error some may be.
  Task<> write_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes);

  // As fstat(2). Throws IoError.
  FileFacts facts();

 private:
  struct State {
    State(Loop& of, int descriptor, std::string name)
        : loop(of),
          handle(of.engine().adopt(descriptor, io::HandleKind::file)),
          path(std::move(name)) {}
    ~State() { loop.engine().release(handle); }
    Loop& loop;
    const io::Handle handle;
    const std::string path;
  };

  static Task<File> open_for(FileAccess access, Directory directory, std::string path);
  explicit File(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::unique_ptr<State> state_;
};

// What a folder below `directory` contains ("." for itself), in no order, at most `entries_max`.
// Throws IoError.
Task<std::vector<FolderEntry>> list_folder(Directory directory, std::string path,
                                           std::size_t entries_max);

}  // namespace duet
