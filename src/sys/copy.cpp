#include "sys/copy.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>

#include "sys/call.hpp"
#include "sys/file.hpp"

namespace duet::sys {
namespace {

constexpr std::int64_t piece_bytes_max = std::int64_t{4} << 20;

std::int64_t write_whole(int to, std::span<const std::byte> bytes, std::uint64_t offset_bytes) {
  while (!bytes.empty()) {
    std::int64_t n = write_at(to, bytes, offset_bytes);
    if (n <= 0) return n < 0 ? n : -EIO;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return 0;
}

std::int64_t read_and_write(int from, int to, std::int64_t offset, std::int64_t length) {
  std::array<std::byte, 64 * 1024> buffer;
  std::int64_t copied = 0;
  while (copied < length) {
    auto wanted = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(length - copied));
    auto at = static_cast<std::uint64_t>(offset + copied);
    std::int64_t n = read_at(from, std::span(buffer).first(wanted), at, Wait::allowed);
    if (n <= 0) return n < 0 ? n : copied;
    std::int64_t written =
        write_whole(to, std::span(buffer).first(static_cast<std::size_t>(n)), at);
    if (written < 0) return written;
    copied += n;
  }
  return copied;
}

// Between file systems, in files that the kernel makes up as they are read (/proc: 0 bytes), and
// wherever else the kernel declines.
bool has_to_be_read(std::int64_t result) {
  switch (-result) {
    case 0:
    case EXDEV:
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP: return true;
    default: return false;
  }
}

std::int64_t copy_data(int from, int to, std::int64_t offset, std::int64_t length) {
  off_t in = offset;
  off_t out = offset;
  std::int64_t result = retried(
      [&] { return ::copy_file_range(from, &in, to, &out, static_cast<std::size_t>(length), 0); });
  return has_to_be_read(result) ? read_and_write(from, to, offset, length) : result;
}

// What follows the last data of a file is a hole up to its size.
std::int64_t copy_last_hole(int from, int to, std::int64_t offset) {
  struct stat facts{};
  std::int64_t result = retried([&] { return ::fstat(from, &facts); });
  if (result < 0 || facts.st_size <= offset) return std::min<std::int64_t>(result, 0);
  result = retried([&] { return ::ftruncate(to, facts.st_size); });
  return result < 0 ? result : facts.st_size - offset;
}

bool is_empty(int file) {
  struct stat facts{};
  return ::fstat(file, &facts) != 0 || facts.st_size == 0;
}

}  // namespace

std::int64_t copy_piece(int from, int to, std::uint64_t offset_bytes) {
  if (offset_bytes == 0 && !is_empty(to)) return -EINVAL;
  auto offset = static_cast<off_t>(offset_bytes);
  std::int64_t data = retried([&] { return ::lseek(from, offset, SEEK_DATA); });
  if (data == -ENXIO) return copy_last_hole(from, to, offset);
  if (data < 0) return copy_data(from, to, offset, piece_bytes_max);  // holes are not known here
  std::int64_t hole = retried([&] { return ::lseek(from, data, SEEK_HOLE); });
  std::int64_t length = hole < 0 ? piece_bytes_max : std::min(hole - data, piece_bytes_max);
  std::int64_t copied = copy_data(from, to, data, length);
  return copied <= 0 ? copied : data - offset + copied;
}

std::int64_t copy_permissions(int from, int to) noexcept {
  constexpr mode_t of_all = S_IRWXU | S_IRWXG | S_IRWXO;
  struct stat facts{};
  std::int64_t result = retried([&] { return ::fstat(from, &facts); });
  if (result < 0) return result;
  return retried([&] { return ::fchmod(to, facts.st_mode & of_all); });
}

}  // namespace duet::sys
