#pragma once
// An open directory, below which files are opened. May be copied, and used on any loop and in
// forked children; closed when the last copy is gone.

#include <memory>
#include <string>

namespace duet {

class Directory {
 public:
  // Opens at once, on the calling thread: for the start of a program. Throws IoError, also when the
  // system lacks openat2(2), without which nothing below could be opened safely, and when the path
  // has a NUL byte (EINVAL).
  explicit Directory(const std::string& path);

  int descriptor() const noexcept;

 private:
  struct Opened;
  std::shared_ptr<const Opened> opened_;
};

}  // namespace duet
