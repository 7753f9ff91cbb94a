#include "sys/line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <climits>

#include "sys/call.hpp"
#include "sys/path.hpp"
#include "sys/poll.hpp"

namespace duet::sys {
namespace {

// Who visited is nobody's business but the owner's and the group's.
constexpr mode_t permissions = 0640;

std::int64_t open_for_lines(const std::string& path) noexcept {
  if (path.empty())
    return retried([] { return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); });
  if (!is_whole_path(path)) return -EINVAL;
  constexpr int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  auto open = [&](int access) {
    return retried([&] { return ::open(path.c_str(), access | flags, permissions); });
  };
  const std::int64_t descriptor = open(O_WRONLY);
  // A FIFO that nobody reads yet: with a reader of our own it keeps lines for the one to come,
  // fifo(7).
  return descriptor == -ENXIO ? open(O_RDWR) : descriptor;
}

bool is_regular(int descriptor) noexcept {
  struct stat found{};
  return ::fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

std::string_view at_once_into_pipe(std::string_view lines) noexcept {
  if (lines.size() <= PIPE_BUF) return lines;
  std::string_view first = lines.substr(0, PIPE_BUF);
  const std::size_t end = first.rfind('\n');
  return end == first.npos ? first : first.substr(0, end + 1);
}

}  // namespace

LineFile::LineFile(std::string path) : path_(std::move(path)) {
  const std::int64_t descriptor = open_for_lines(path_);
  if (descriptor < 0)
    throw IoError(error_code(descriptor), "open", [subject = name()] { return subject; });
  fd_ = Fd(static_cast<int>(descriptor));
}

std::int64_t LineFile::reopen() noexcept {
  if (path_.empty()) return 0;
  const std::int64_t descriptor = open_for_lines(path_);
  if (descriptor < 0) return descriptor;
  // The number stays: a child forked at any moment has a file by it.
  const Fd opened(static_cast<int>(descriptor));
  return retried([&] { return ::dup3(opened.get(), fd_.get(), O_CLOEXEC); });
}

std::int64_t LineFile::write_some_interruptible(std::string_view lines,
                                                TimePoint deadline) noexcept {
  if (!is_regular(fd_.get())) {
    lines = at_once_into_pipe(lines);
    // Standard output may be a pipe in blocking mode. What poll(2) calls writable takes PIPE_BUF
    // bytes without waiting, unless another process is faster: then an interrupt helps.
    pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
    const std::int64_t ready = poll_interruptible({&room, 1}, Timeout(deadline));
    if (ready <= 0) return ready < 0 ? ready : -EAGAIN;
  }
  return interruptible([&] { return ::write(fd_.get(), lines.data(), lines.size()); });
}

std::string LineFile::name() const { return path_.empty() ? "standard output" : path_; }

}  // namespace duet::sys
