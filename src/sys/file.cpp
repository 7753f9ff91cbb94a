#include "sys/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "sys/call.hpp"

namespace duet::sys {

open_how open_how_beneath() noexcept {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // O_NONBLOCK: a FIFO opens at once
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return how;
}

std::int64_t open_beneath(int directory, const char* path, Wait wait) noexcept {
  open_how how = open_how_beneath();
  if (wait == Wait::none) how.resolve |= RESOLVE_CACHED;
  return retried([&] { return ::syscall(SYS_openat2, directory, path, &how, sizeof how); });
}

std::int64_t read_at(int file, std::span<std::byte> buffer, std::uint64_t offset_bytes,
                     Wait wait) noexcept {
  iovec part{buffer.data(), buffer.size()};
  int flags = wait == Wait::none ? RWF_NOWAIT : 0;
  auto offset = static_cast<off_t>(offset_bytes);
  return retried([&] { return ::preadv2(file, &part, 1, offset, flags); });
}

std::int64_t stat(int file, FileFacts& facts) noexcept {
  struct stat found{};
  std::int64_t result = retried([&] { return ::fstat(file, &found); });
  if (result < 0) return result;
  using Type = FileFacts::Type;
  facts.type = S_ISREG(found.st_mode)   ? Type::file
               : S_ISDIR(found.st_mode) ? Type::directory
                                        : Type::other;
  facts.size_bytes = static_cast<std::uint64_t>(found.st_size);
  facts.modified_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
  return 0;
}

std::int64_t open_directory(const char* path) noexcept {
  return retried([&] { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
}

}  // namespace duet::sys
