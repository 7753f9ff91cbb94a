#include "duet/fs/file.hpp"

#include "sys/call.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace duet {

struct Directory::Opened {
  sys::Fd fd;
};

Directory::Directory(const std::string& path) {
  auto checked = [&path](std::int64_t descriptor, std::string_view operation) {
    if (descriptor < 0)
      throw IoError(sys::error_code(descriptor), operation, [path] { return path; });
    return sys::Fd(static_cast<int>(descriptor));
  };
  opened_ =
      std::make_shared<const Opened>(Opened{checked(sys::open_directory(path.c_str()), "open")});
  // Old kernels and some seccomp filters lack openat2(2): known now, not at each file.
  checked(sys::open_beneath(descriptor(), ".", sys::Wait::allowed), "openat2");
}

int Directory::descriptor() const noexcept { return opened_->fd.get(); }

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
