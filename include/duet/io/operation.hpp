#pragma once
// An Operation is one call on a descriptor or a path, as plain data: a header that any engine
// understands and, per kind, the arguments. It lives where its caller keeps it (the frame of the
// coroutine that awaits it) and must stay there, with its buffers, until it has completed. An
// operation completes exactly once. The engine sets `result` and either says so from `submit` or
// queues the operation, as a Job, for the loop to run.
//
// One operation that reads and one that writes may be in flight on a handle at a time; another gets
// EBUSY. Operations are used by the loop's thread only.

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "duet/base/job.hpp"
#include "duet/io/buffer_pool.hpp"
#include "duet/io/direction.hpp"
#include "duet/io/handle.hpp"
#include "duet/sys/address.hpp"
#include "duet/sys/command.hpp"
#include "duet/sys/exit_status.hpp"
#include "duet/sys/file_facts.hpp"
#include "duet/sys/socket_option.hpp"

namespace duet::io {

enum class Kind : std::uint8_t {
  // complete in submit, under every engine:
  open_socket,
  bind,
  listen,
  set_option,
  local_name,
  shutdown,
  stat,
  send_signal,
  // may wait for a disk, or keep a thread busy:
  open_file,
  read_at,
  write_at,
  change_file,
  copy_piece,
  list_folder,
  change_path,
  start_program,
  call,
  // may wait for a peer:
  accept,  // from here on they read
  receive,
  await_exit,
  receive_lease,
  await_readable,
  connect,  // from here on they write
  send,
  await_writable,
};

enum class Group : std::uint8_t { immediate, disk, peer };

constexpr Group group_of(Kind kind) noexcept {
  if (kind <= Kind::send_signal) return Group::immediate;
  return kind <= Kind::call ? Group::disk : Group::peer;
}

// Which side of a handle a peer operation waits for.
constexpr Direction direction_of(Kind kind) noexcept {
  return kind >= Kind::connect ? Direction::write : Direction::read;
}

// Why an operation ended without taking effect.
// misaligned: when it was made; refused: as much work waited as may; descriptor_too_high: for
// select(2).
enum class Ending : std::uint8_t {
  none,
  cancelled,
  timed_out,
  drained,
  closed,
  cut_short,
  misaligned,
  refused,
  descriptor_too_high
};

struct Operation : Job {
  explicit Operation(Kind of_kind, Handle on = {}) noexcept : handle(on), kind(of_kind) {}

  // Sets the outcome: a count or a descriptor, or a negative errno.
  void finish(std::int64_t outcome) noexcept { result = outcome; }
  void finish(Ending why) noexcept {
    ending = why;
    result = -ECANCELED;
  }

  std::int64_t result = 0;
  void* owner = nullptr;               // of whoever set `run`
  std::uint64_t engine_words[2] = {};  // of the engine, while the operation is in flight
  Handle handle;
  const Kind kind;
  Ending ending = Ending::none;
};

struct OpenSocket : Operation {
  explicit OpenSocket(Address::Family of) noexcept : Operation(Kind::open_socket), family(of) {}
  Address::Family family;  // result: a descriptor to adopt
};

struct Bind : Operation {
  Bind(Handle on, const Address& to) noexcept : Operation(Kind::bind, on), address(to) {}
  const Address& address;
};

struct Listen : Operation {
  Listen(Handle on, int most) noexcept : Operation(Kind::listen, on), backlog(most) {}
  int backlog;
};

struct SetOption : Operation {
  SetOption(Handle on, SocketOption which, int to) noexcept
      : Operation(Kind::set_option, on), option(which), value(to) {}
  SocketOption option;
  int value;
};

struct LocalName : Operation {
  explicit LocalName(Handle on) noexcept : Operation(Kind::local_name, on) {}
  Address address;
};

// Ends our side of the stream; the peer's side stays open.
struct Shutdown : Operation {
  explicit Shutdown(Handle on) noexcept : Operation(Kind::shutdown, on) {}
};

struct Stat : Operation {
  explicit Stat(Handle on, bool with_alignment = false) noexcept
      : Operation(Kind::stat, on), asks_alignment(with_alignment) {}
  bool asks_alignment;
  FileFacts facts;
  Alignment alignment;  // of direct access, if it was asked for
};

// To the process of a pidfd; ESRCH when its end has been taken.
struct SendSignal : Operation {
  SendSignal(Handle on, Signal which) noexcept : Operation(Kind::send_signal, on), signal(which) {}
  Signal signal;
};

// Opens a file below a directory: no component of `path`, no link, leads outside of it
// (openat2(2), RESOLVE_BENEATH). Never waits for the other end of a FIFO.
struct OpenFile : Operation {
  OpenFile(int below, std::string name, FileAccess how = FileAccess::read,
           Caching with = Caching::buffered)
      : Operation(Kind::open_file),
        access(how),
        caching(with),
        directory(below),
        path(std::move(name)) {}
  FileAccess access;
  Caching caching;
  int directory;     // a descriptor that outlives the operation
  std::string path;  // result: a descriptor to adopt as HandleKind::file
};

struct ReadAt : Operation {
  ReadAt(Handle on, std::span<std::byte> into, std::uint64_t at) noexcept
      : Operation(Kind::read_at, on), buffer(into), offset_bytes(at) {}
  bool is_direct = false;  // the page cache need not be asked
  std::span<std::byte> buffer;
  std::uint64_t offset_bytes;  // result: bytes read, 0 at the end of the file
};

// Writes all of the buffer; after an error some of it may have been written.
struct WriteAt : Operation {
  WriteAt(Handle on, std::span<const std::byte> from, std::uint64_t at) noexcept
      : Operation(Kind::write_at, on), appends(false), buffer(from), offset_bytes(at) {}

  // At the end of the file, wherever that is by then.
  WriteAt(Handle on, std::span<const std::byte> from) noexcept
      : Operation(Kind::write_at, on), appends(true), buffer(from), offset_bytes(0) {}

  std::span<const std::byte> rest() const noexcept { return buffer.subspan(transferred); }

  // Where the rest begins, unless it appends.
  std::uint64_t position() const noexcept { return offset_bytes + transferred; }

  bool appends;
  std::span<const std::byte> buffer;
  std::uint64_t offset_bytes;
  std::size_t transferred = 0;
};

struct ChangeFile : Operation {
  ChangeFile(Handle on, FileChange what, std::uint64_t size = 0) noexcept
      : Operation(Kind::change_file, on), change(what), size_bytes(size) {}
  FileChange change;
  std::uint64_t size_bytes;  // to resize to, or to allocate
};

// Copies a piece of another file, to the same offset of a file that was empty. Not atomic.
struct CopyPiece : Operation {
  CopyPiece(Handle to, int source, std::uint64_t at, bool permissions = false) noexcept
      : Operation(Kind::copy_piece, to),
        from(source),
        offset_bytes(at),
        copies_permissions(permissions) {}
  int from;                    // a descriptor that outlives the operation
  std::uint64_t offset_bytes;  // result: how far it came, holes included; 0 at the end
  bool copies_permissions;     // before the bytes, so that nobody can read them who may not
};

// What a directory below another contains; in no order.
struct ListFolder : Operation {
  ListFolder(int below, std::string name, std::size_t most)
      : Operation(Kind::list_folder), directory(below), path(std::move(name)), entries_max(most) {}
  int directory;
  std::string path;
  std::size_t entries_max;
  std::vector<FolderEntry> entries;  // result: how many
};

// Changes a name below a directory and nowhere else: all of it, or nothing.
struct ChangePath : Operation {
  ChangePath(PathChange what, int below, std::string name)
      : Operation(Kind::change_path), change(what), directory(below), path(std::move(name)) {}
  ChangePath(int from_below, std::string from, int to_below, std::string to)
      : Operation(Kind::change_path),
        change(PathChange::rename),
        directory(from_below),
        path(std::move(from)),
        to_directory(to_below),
        to_path(std::move(to)) {}
  ChangePath(Handle file, int below, std::string name)
      : Operation(Kind::change_path, file),
        change(PathChange::name),
        directory(below),
        path(std::move(name)) {}
  PathChange change;
  int directory;  // descriptors that outlive the operation
  std::string path;
  int to_directory = -1;  // of rename
  std::string to_path;
};

// Starts a program, which has to be loaded. `ends` are descriptors to adopt as
// HandleKind::byte_pipe, or -1 where the command asks for no pipe.
struct StartProgram : Operation {
  explicit StartProgram(const Command& of) noexcept : Operation(Kind::start_program), command(of) {}
  const Command& command;
  int process = -1;
  std::array<int, 3> ends = {-1, -1, -1};  // of the child's input, output, errors
  // result: its pidfd, to adopt as HandleKind::other
};

struct Accept : Operation {
  explicit Accept(Handle on) noexcept : Operation(Kind::accept, on) {}
  Address peer;  // result: a descriptor that the loop of the connection adopts
};

struct Connect : Operation {
  Connect(Handle on, const Address& to) noexcept : Operation(Kind::connect, on), address(to) {}
  const Address& address;
  bool started = false;  // the handshake runs; its outcome is SO_ERROR
};

// One transfer, or with `whole` as many as it takes to fill the buffer or reach the end of the
// stream. `transferred` counts also when the operation ends early. result: the same count.
struct Receive : Operation {
  Receive(Handle on, std::span<std::byte> into, bool fill) noexcept
      : Operation(Kind::receive, on), whole(fill), buffer(into) {}
  bool whole;
  std::span<std::byte> buffer;
  std::size_t transferred = 0;
};

// Waits for the end of the child of a pidfd and takes it; before, the child stays to be waited for.
struct AwaitExit : Operation {
  explicit AwaitExit(Handle on) noexcept : Operation(Kind::await_exit, on) {}
  ExitStatus status;
};

// One transfer into a buffer that is taken when there is something to receive: from `pool`, unless
// the engine has buffers of its own. result: how many bytes, and no lease when there are none.
struct ReceiveLease : Operation {
  ReceiveLease(Handle on, BufferPool& from) noexcept
      : Operation(Kind::receive_lease, on), pool(from) {}
  BufferPool& pool;
  Lease lease;
};

// `buffer` and then `more`, which is empty unless two pieces of memory are to go out in one call.
struct Send : Operation {
  Send(Handle on, std::span<const std::byte> from, bool all) noexcept
      : Operation(Kind::send, on), whole(all), buffer(from) {}
  Send(Handle on, std::span<const std::byte> from, std::span<const std::byte> then) noexcept
      : Operation(Kind::send, on), whole(true), buffer(from), more(then) {}

  std::size_t size() const noexcept { return buffer.size() + more.size(); }

  // What has not been transferred; the second part is empty if the first is.
  std::array<std::span<const std::byte>, 2> rest() const noexcept {
    if (transferred >= buffer.size()) return {more.subspan(transferred - buffer.size()), {}};
    return {buffer.subspan(transferred), more};
  }

  bool whole;
  std::span<const std::byte> buffer;
  std::span<const std::byte> more;
  std::size_t transferred = 0;

  // Set when the operation ended early; an operation that finds it set is not begun.
  bool* is_cut_short = nullptr;
};

}  // namespace duet::io
