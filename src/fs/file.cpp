#include "duet/fs/file.hpp"

namespace duet {

namespace {

IoError::Subject capture_path(const void* path) {
  return [copy = *static_cast<const std::string*>(path)] { return copy; };
}

}  // namespace

Task<File> File::open(Directory directory, std::string path) {
  return open_for(FileAccess::read, std::move(directory), std::move(path));
}

Task<File> File::create(Directory directory, std::string path) {
  return open_for(FileAccess::create, std::move(directory), std::move(path));
}

Task<File> File::open_for(FileAccess access, Directory directory, std::string path) {
  Wait<io::OpenFile> opening(io::OpenFile(directory.descriptor(), path, access), capture_path,
                             &path);
  int descriptor = co_await std::move(opening);
  co_return File(std::make_unique<State>(Loop::current(), descriptor, std::move(path)));
}

Wait<io::ReadAt> File::read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) noexcept {
  return {io::ReadAt(state_->handle, buffer, offset_bytes), capture_path, &state_->path};
}

Task<> File::write_at(std::span<const std::byte> bytes, std::uint64_t offset_bytes) {
  while (!bytes.empty()) {
    Wait<io::WriteAt> writing(io::WriteAt(state_->handle, bytes, offset_bytes), capture_path,
                              &state_->path);
    std::size_t n = co_await std::move(writing);
    bytes = bytes.subspan(n);
    offset_bytes += n;
  }
}

FileFacts File::facts() {
  io::Stat stat(state_->handle);
  perform_at_once(state_->loop, stat, capture_path(&state_->path));
  return stat.facts;
}

Task<std::vector<FolderEntry>> list_folder(Directory directory, std::string path,
                                           std::size_t entries_max) {
  Wait<io::ListFolder> listing(io::ListFolder(directory.descriptor(), path, entries_max),
                               capture_path, &path);
  std::vector<FolderEntry> entries = co_await std::move(listing);
  co_return entries;
}

}  // namespace duet
