#pragma once
// A file, FIFO, device or standard output to which lines are appended, by several processes at
// once: one write(2) carries whole lines, to a pipe no more than it takes without mixing them with
// another writer's (PIPE_BUF, pipe(7)). One thread of each process writes or reopens; a fork(2)
// meanwhile leaves the child a descriptor that is good.

#include <cstdint>
#include <string>
#include <string_view>

#include "duet/base/time.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

class LineFile {
 public:
  // An empty path is standard output, whose mode stays as it is. Throws IoError with the path.
  explicit LineFile(std::string path);

  // Opens the path anew. When that fails, says why and keeps the old file.
  std::int64_t reopen() noexcept;

  // Writes some of `lines`, which end in a line feed: whole ones, unless the disk fills up. EAGAIN
  // when there was no room until `deadline`, which is for pipes and the like; EINTR.
  std::int64_t write_some_interruptible(std::string_view lines, TimePoint deadline) noexcept;

  std::string name() const;  // for people

 private:
  const std::string path_;
  Fd fd_;
};

}  // namespace duet::sys
