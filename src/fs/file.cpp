#include "duet/fs/file.hpp"

namespace duet {

IoError::Subject File::capture(const void* path) {
  return [copy = *static_cast<const std::string*>(path)] { return copy; };
}

Task<File> File::open(Directory directory, std::string path) {
  Wait<io::OpenFile> opening(io::OpenFile(directory.descriptor(), path), capture, &path);
  int descriptor = co_await std::move(opening);
  co_return File(std::make_unique<State>(Loop::current(), descriptor, std::move(path)));
}

Wait<io::ReadAt> File::read_at(std::span<std::byte> buffer, std::uint64_t offset_bytes) noexcept {
  return {io::ReadAt(state_->handle, buffer, offset_bytes), capture, &state_->path};
}

FileFacts File::facts() {
  io::Stat stat(state_->handle);
  perform_at_once(state_->loop, stat, capture(&state_->path));
  return stat.facts;
}

}  // namespace duet
