#include "duet/io/call.hpp"
#include "io/perform.hpp"
#include "sys/child.hpp"
#include "sys/copy.hpp"
#include "sys/file.hpp"
#include "sys/path.hpp"

namespace duet::io {
namespace {

constexpr std::int64_t would_wait = -EAGAIN;

// pread(2): signed; and -1 is to the ring the file's own position, io_uring_prep_write(3).
constexpr bool is_offset(std::uint64_t offset) { return offset <= INT64_MAX; }

bool is_whole(const ChangePath& operation) {
  return sys::is_whole_path(operation.path) && sys::is_whole_path(operation.to_path);
}

// Whether the kernel would take the arguments for what they are; told before any engine uses them.
bool is_meant(const Operation& operation) {
  switch (operation.kind) {
    case Kind::open_file: return sys::is_whole_path(static_cast<const OpenFile&>(operation).path);
    case Kind::list_folder:
      return sys::is_whole_path(static_cast<const ListFolder&>(operation).path);
    case Kind::change_path: return is_whole(static_cast<const ChangePath&>(operation));
    case Kind::read_at: return is_offset(static_cast<const ReadAt&>(operation).offset_bytes);
    case Kind::write_at: return is_offset(static_cast<const WriteAt&>(operation).offset_bytes);
    case Kind::change_file: return is_offset(static_cast<const ChangeFile&>(operation).size_bytes);
    default: return true;
  }
}

std::int64_t open_file(const OpenFile& operation, Disk disk) {
  sys::Wait wait = disk == Disk::may_wait ? sys::Wait::allowed : sys::Wait::none;
  std::int64_t result = sys::open_beneath(operation.directory, operation.path.c_str(),
                                          operation.access, operation.caching, wait);
  // EINVAL: a kernel before 5.12 does not know RESOLVE_CACHED.
  return disk == Disk::cached_only && result == -EINVAL ? would_wait : result;
}

// RWF_NOWAIT may answer 0 before the end of a file (preadv2(2), BUGS), and some file systems do not
// know it: only an answer with bytes counts.
bool is_cached_answer(std::int64_t result) {
  return result > 0 || (result < 0 && result != -EAGAIN && result != -EOPNOTSUPP);
}

// A direct read waits for the disk with RWF_NOWAIT, too.
std::int64_t read_at(const ReadAt& operation, int descriptor, Disk disk) {
  if (disk == Disk::may_wait)
    return sys::read_at(descriptor, operation.buffer, operation.offset_bytes, sys::Wait::allowed);
  if (operation.is_direct) return would_wait;
  std::int64_t result =
      sys::read_at(descriptor, operation.buffer, operation.offset_bytes, sys::Wait::none);
  return is_cached_answer(result) ? result : would_wait;
}

std::int64_t write_at(WriteAt& operation, int descriptor) {
  while (!operation.rest().empty()) {
    std::int64_t n = operation.appends
                         ? sys::append(descriptor, operation.rest())
                         : sys::write_at(descriptor, operation.rest(), operation.position());
    if (n <= 0) return n < 0 ? n : -EIO;
    operation.transferred += static_cast<std::size_t>(n);
  }
  return static_cast<std::int64_t>(operation.transferred);
}

std::int64_t change_path(const ChangePath& operation, int descriptor) {
  const char* path = operation.path.c_str();
  if (operation.change == PathChange::rename)
    return sys::rename_path(operation.directory, path, operation.to_directory,
                            operation.to_path.c_str());
  if (operation.change == PathChange::name)
    return sys::name_file(descriptor, operation.directory, path);
  return sys::change_path(operation.directory, path, operation.change);
}

std::int64_t copy_piece(const CopyPiece& operation, int descriptor) {
  if (operation.copies_permissions) {
    std::int64_t result = sys::copy_permissions(operation.from, descriptor);
    if (result < 0) return result;
  }
  return sys::copy_piece(operation.from, descriptor, operation.offset_bytes);
}

std::int64_t start_program(StartProgram& operation) {
  sys::StartedChild started;
  std::int64_t pidfd = sys::start_child(operation.command, started);
  if (pidfd < 0) return pidfd;
  operation.process = started.process;
  for (std::size_t i = 0; i < operation.ends.size(); ++i)
    operation.ends[i] = started.ends[i].give_up();
  return pidfd;
}

// What nothing tells beforehand whether it waits.
std::int64_t carry_out(Operation& operation, int descriptor) {
  switch (operation.kind) {
    case Kind::write_at: return write_at(static_cast<WriteAt&>(operation), descriptor);
    case Kind::change_file: {
      const auto& change = static_cast<ChangeFile&>(operation);
      return sys::change_file(descriptor, change.change, change.size_bytes);
    }
    case Kind::copy_piece: return copy_piece(static_cast<CopyPiece&>(operation), descriptor);
    case Kind::list_folder: {
      auto& list = static_cast<ListFolder&>(operation);
      return sys::list_beneath(list.directory, list.path.c_str(), list.entries_max, list.entries);
    }
    case Kind::change_path: return change_path(static_cast<ChangePath&>(operation), descriptor);
    case Kind::start_program: return start_program(static_cast<StartProgram&>(operation));
    case Kind::call: {
      auto& call = static_cast<Call&>(operation);
      call.call(call);
      return 0;
    }
    default: return -EINVAL;
  }
}

std::int64_t attempt(Operation& operation, int descriptor, Disk disk) {
  if (operation.kind == Kind::open_file) return open_file(static_cast<OpenFile&>(operation), disk);
  if (operation.kind == Kind::read_at)
    return read_at(static_cast<ReadAt&>(operation), descriptor, disk);
  return disk == Disk::cached_only ? would_wait : carry_out(operation, descriptor);
}

}  // namespace

Outcome perform_on_disk(Operation& operation, int descriptor, Disk disk) {
  std::int64_t result = is_meant(operation) ? attempt(operation, descriptor, disk) : -EINVAL;
  if (disk == Disk::cached_only && result == would_wait) return Outcome::would_block;
  operation.finish(result);
  return Outcome::done;
}

}  // namespace duet::io
