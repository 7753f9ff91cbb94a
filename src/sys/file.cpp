#include "sys/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <memory>
#include <string_view>

#include "sys/call.hpp"

namespace duet::sys {
namespace {

std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

open_how open_how_beneath(FileAccess access) noexcept {
  open_how how{};
  how.flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // O_NONBLOCK: a FIFO opens at once
  if (access == FileAccess::create) {
    how.flags |= O_WRONLY | O_CREAT | O_TRUNC;
    how.mode = 0666;
  }
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return how;
}

std::int64_t open_beneath(int directory, const char* path, FileAccess access, Wait wait) noexcept {
  open_how how = open_how_beneath(access);
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

std::int64_t write_at(int file, std::span<const std::byte> bytes,
                      std::uint64_t offset_bytes) noexcept {
  auto offset = static_cast<off_t>(offset_bytes);
  return retried([&] { return ::pwrite(file, bytes.data(), bytes.size(), offset); });
}

std::int64_t list_beneath(int directory, const char* path, std::size_t entries_max,
                          std::vector<FolderEntry>& entries) {
  std::int64_t descriptor = open_beneath(directory, path, FileAccess::read, Wait::allowed);
  if (descriptor < 0) return descriptor;
  std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(static_cast<int>(descriptor)),
                                             &::closedir);
  if (!folder) {
    int error = errno;
    ::close(static_cast<int>(descriptor));
    return -error;
  }
  errno = 0;
  while (entries.size() < entries_max) {
    const dirent* found = ::readdir(folder.get());
    if (found == nullptr) break;
    std::string_view name = found->d_name;
    if (name != "." && name != "..")
      entries.push_back({std::string(name), found->d_type == DT_DIR});
  }
  if (errno != 0) return -errno;
  return static_cast<std::int64_t>(entries.size());
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
  facts.modified_ns = nanoseconds(found.st_mtim);
  facts.changed_ns = nanoseconds(found.st_ctim);
  facts.device = found.st_dev;
  facts.inode = found.st_ino;
  return 0;
}

std::int64_t open_directory(const char* path) noexcept {
  return retried([&] { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
}

}  // namespace duet::sys
