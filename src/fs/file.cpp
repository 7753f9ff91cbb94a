#include "duet/fs/file.hpp"

#include <fmt/format.h>

namespace duet {
namespace {

template <class Operation>
bool is_aligned(const Operation& operation, const Alignment& alignment) noexcept {
  auto address = reinterpret_cast<std::uintptr_t>(operation.buffer.data());
  return address % alignment.memory_bytes == 0 &&
         operation.buffer.size() % alignment.offset_bytes == 0 &&
         operation.offset_bytes % alignment.offset_bytes == 0;
}

}  // namespace

IoError::Subject File::capture_path(const void* state) {
  return [path = static_cast<const State*>(state)->path] { return path; };
}

IoError::Subject File::capture_alignment(const void* state) {
  const auto& of = *static_cast<const State*>(state);
  return [path = of.path, alignment = of.alignment] {
    return fmt::format("{} (memory has to be at a multiple of {} bytes, offset and length of {})",
                       path, alignment.memory_bytes, alignment.offset_bytes);
  };
}

IoError::Subject File::capture_end(const void* state) {
  const auto& of = *static_cast<const State*>(state);
  return [path = of.path, unit = of.alignment.offset_bytes] {
    return fmt::format("{} (appending needs a size that is a multiple of {} bytes)", path, unit);
  };
}

IoError::Subject File::capture_direct(const void* state) {
  return [path = static_cast<const State*>(state)->path] {
    return path + " (copying needs files that are opened without direct access)";
  };
}

IoError::Subject File::capture_content(const void* state) {
  return [path = static_cast<const State*>(state)->path] {
    return path + " (what is copied to has to be empty)";
  };
}

Task<File> File::create(Directory directory, std::string path) {
  return open(std::move(directory), std::move(path), FileAccess::create);
}

Task<File> File::temporary(Directory directory, std::string folder, Caching caching) {
  return open(std::move(directory), std::move(folder), FileAccess::temporary, caching);
}

Task<File> File::open(Directory directory, std::string path, FileAccess access, Caching caching) {
  auto capture = [](const void* name) -> IoError::Subject {
    return [copy = *static_cast<const std::string*>(name)] { return copy; };
  };
  Wait<io::OpenFile> opening(io::OpenFile(directory.descriptor(), path, access, caching), capture,
                             &path);
  int descriptor = co_await std::move(opening);
  File file(std::make_unique<State>(Loop::current(), descriptor, std::move(path)));
  if (caching == Caching::direct) file.ask_alignment();
  co_return file;
}

void File::ask_alignment() {
  io::Stat stat(state_->handle, true);
  perform_at_once(state_->loop, stat, capture_path(state_.get()));
  state_->is_direct = true;
  state_->alignment = stat.alignment;
}

template <class Op>
Wait<Op> File::checked(Op operation) const noexcept {
  bool is_refused = state_->is_direct && !is_aligned(operation, state_->alignment);
  if (is_refused) operation.finish(io::Ending::misaligned);
  return {std::move(operation), is_refused ? capture_alignment : capture_path, state_.get()};
}

Wait<io::ReadAt> File::read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) noexcept {
  io::ReadAt read(state_->handle, buffer, offset_bytes);
  read.is_direct = state_->is_direct;
  return checked(read);
}

Wait<io::WriteAt> File::write_at(std::span<const std::byte> bytes,
                                 std::uint64_t offset_bytes) noexcept {
  return checked(io::WriteAt(state_->handle, bytes, offset_bytes));
}

Wait<io::WriteAt> File::append(std::span<const std::byte> bytes) noexcept {
  io::WriteAt write(state_->handle, bytes);
  if (!state_->is_direct || size() % state_->alignment.offset_bytes == 0) return checked(write);
  write.finish(io::Ending::misaligned);
  return {write, capture_end, state_.get()};
}

// 0 of a file that is not open.
std::uint64_t File::size() const noexcept {
  io::Stat stat(state_->handle);
  state_->loop.engine().submit(stat);
  return stat.facts.size_bytes;
}

Wait<io::ChangeFile> File::change(FileChange change, std::uint64_t size_bytes) noexcept {
  return {io::ChangeFile(state_->handle, change, size_bytes), capture_path, state_.get()};
}

Wait<io::ChangeFile> File::sync() noexcept { return change(FileChange::sync, 0); }
Wait<io::ChangeFile> File::sync_data() noexcept { return change(FileChange::sync_data, 0); }

Wait<io::ChangeFile> File::resize(std::uint64_t size_bytes) noexcept {
  return change(FileChange::resize, size_bytes);
}

Wait<io::ChangeFile> File::allocate(std::uint64_t size_bytes) noexcept {
  return change(FileChange::allocate, size_bytes);
}

Task<> File::keep_as(Directory directory, std::string path) {
  auto capture = [](const void* name) -> IoError::Subject {
    return [copy = *static_cast<const std::string*>(name)] { return copy; };
  };
  Wait<io::ChangePath> naming(io::ChangePath(state_->handle, directory.descriptor(), path), capture,
                              &path);
  co_await std::move(naming);
}

// Whatever the sizes: whether the kernel copies by itself, or what it leaves to us is aligned, is
// nothing to rely on.
Wait<io::CopyPiece> File::copy_piece(File& source, std::uint64_t offset_bytes,
                                     bool permissions) noexcept {
  io::CopyPiece piece(state_->handle, source.state_->descriptor, offset_bytes, permissions);
  for (const State* file : {state_.get(), source.state_.get()}) {
    if (!file->is_direct) continue;
    piece.finish(io::Ending::misaligned);
    return {piece, capture_direct, file};
  }
  if (offset_bytes == 0 && size() > 0) return {piece, capture_content, state_.get()};
  return {piece, capture_path, source.state_.get()};
}

Task<std::uint64_t> File::copy_from(File& source) { return copy_all(source, false); }

Task<std::uint64_t> File::copy_all(File& source, bool permissions) {
  for (std::uint64_t copied = 0;;) {
    Wait<io::CopyPiece> copying = copy_piece(source, copied, permissions && copied == 0);
    std::uint64_t n = co_await std::move(copying);
    if (n == 0) co_return copied;
    copied += n;
  }
}

FileFacts File::facts() {
  io::Stat stat(state_->handle);
  perform_at_once(state_->loop, stat, capture_path(state_.get()));
  return stat.facts;
}

}  // namespace duet
