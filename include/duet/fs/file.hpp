#pragma once
// An open file, read and written at an offset. What it is called, and what lies in a folder, is in
// duet/fs/path.hpp. A file that is made has the permissions 0666 without those that the umask takes
// away, umask(2).
//
//   File file = co_await File::open(directory, "name");
//   std::size_t n = co_await file.read_at(buffer, 0);
//
// No call blocks a thread that others share: it is answered from the page cache, or else by the
// kernel's ring or a few threads; under an engine that blocks (single, process, thread) it simply
// does. A call to a disk cannot
// be interrupted: cancellation and deadlines act before it starts or after it has ended. Buffers
// stay until then. Of one loop and its thread; any number of operations may be in flight.

#include <memory>
#include <string>

#include "duet/fs/aligned_buffer.hpp"
#include "duet/io/directory.hpp"
#include "duet/loop/wait.hpp"

namespace duet {

class File {
 public:
  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;

  // Closes it: at once, but that of a large file without a name, whose blocks have to be freed, is
  // left to a thread of the disk's.
  ~File() = default;

  // Opens what `path` names below `directory`; a path, or a link, that leads outside is refused by
  // the kernel (EXDEV, openat2(2)), and a path with a NUL byte by us (EINVAL). A FIFO or a device
  // is opened without waiting: look at facts() before reading. Throws IoError.
  static Task<File> open(Directory directory, std::string path,
                         FileAccess access = FileAccess::read, Caching caching = Caching::buffered);

  // Makes the file, or empties the one there is, for writing.
  static Task<File> create(Directory directory, std::string path);

  // Makes a file without a name, in the folder `folder`. Nothing of it is left when it is closed,
  // or when the program dies, unless keep_as() has given it a name.
  static Task<File> temporary(Directory directory, std::string folder = ".",
                              Caching caching = Caching::buffered);

  // Completes when bytes have been read: 1 to buffer.size(), or 0 at the end of the file.
  Wait<io::ReadAt> read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) noexcept;

  // Completes when all bytes have been written to the page cache (or, direct, to the disk); after
  // an error some may be. An offset from 2^63 on is refused (EINVAL), as by all others.
  Wait<io::WriteAt> write_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes) noexcept;

  // Writes at the end of the file, wherever that is by then; no other append, of any process, comes
  // in between. Else as write_at. With direct access the size has to be a multiple, too: see
  // alignment().
  Wait<io::WriteAt> append(std::span<const std::byte> bytes) noexcept;

  // Completes when what was written before has reached the disk: with all facts about the file, or
  // with what is needed to read the content again.
  Wait<io::ChangeFile> sync() noexcept;
  Wait<io::ChangeFile> sync_data() noexcept;

  // Cuts the file, or lengthens it by zeros that take no place.
  Wait<io::ChangeFile> resize(std::uint64_t size_bytes) noexcept;

  // Has a place on the disk for as many bytes, so that writing them cannot run out of it.
  Wait<io::ChangeFile> allocate(std::uint64_t size_bytes) noexcept;

  // Gives the file this name, in place of what had it, at once: there is never half a file. The
  // last thing to do with a temporary file (its bytes are safe from a loss of power if it was
  // synced before, the name if the folder is synced afterwards). In the same file system.
  Task<> keep_as(Directory directory, std::string path);

  // Copies all that `source` has into this file, which must be empty (else EINVAL); holes stay
  // holes. Neither may be opened for direct access (Errc::misaligned). Gives the number of bytes.
  // Between two pieces of some MiB it can be cancelled. Permissions stay as they are; copy_file
  // takes them over.
  Task<std::uint64_t> copy_from(File& source);

  // As fstat(2), at once. Throws IoError.
  FileFacts facts();

  // What direct access to this file needs: buffers at multiples of memory_bytes; offsets, and the
  // lengths of buffers, that are multiples of offset_bytes; for append() a size that is one.
  // Anything else fails with Errc::misaligned and a sentence. Buffered files have multiples of 1.
  const Alignment& alignment() const noexcept { return state_->alignment; }

 private:
  friend Task<std::uint64_t> copy_file(Directory from_directory, std::string from,
                                       Directory to_directory, std::string to);

  struct State {
    State(Loop& of, int opened, std::string name)
        : loop(of),
          descriptor(opened),
          handle(of.engine().adopt(opened, io::HandleKind::file)),
          path(std::move(name)) {}
    ~State() { loop.engine().release(handle); }
    Loop& loop;
    const int descriptor;
    const io::Handle handle;
    const std::string path;
    bool is_direct = false;
    Alignment alignment;
  };

  explicit File(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}

  void ask_alignment();
  std::uint64_t size() const noexcept;
  template <class Op>
  Wait<Op> checked(Op operation) const noexcept;
  Wait<io::ChangeFile> change(FileChange change, std::uint64_t size_bytes) noexcept;
  Wait<io::CopyPiece> copy_piece(File& source, std::uint64_t offset_bytes,
                                 bool permissions) noexcept;
  Task<std::uint64_t> copy_all(File& source, bool permissions);

  static IoError::Subject capture_path(const void* state);
  static IoError::Subject capture_alignment(const void* state);
  static IoError::Subject capture_end(const void* state);
  static IoError::Subject capture_direct(const void* state);
  static IoError::Subject capture_content(const void* state);

  std::unique_ptr<State> state_;
};

}  // namespace duet
