#include "duet/io/directory.hpp"

#include <cerrno>

#include "sys/call.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"
#include "sys/path.hpp"

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
  if (!sys::is_whole_path(path)) checked(-EINVAL, "open");
  opened_ =
      std::make_shared<const Opened>(Opened{checked(sys::open_directory(path.c_str()), "open")});
  // Old kernels and some seccomp filters lack openat2(2): known now, not at each file.
  checked(
      sys::open_beneath(descriptor(), ".", FileAccess::read, Caching::buffered, sys::Wait::allowed),
      "openat2");
}

int Directory::descriptor() const noexcept { return opened_->fd.get(); }

}  // namespace duet
