#pragma once
// The far end of a LineWriter: the file, and what the processes that share it have to know of one
// another. Never waits for a disk that is full or a reader that left: such lines are dropped and
// counted. Waits for room in a pipe until it is told to give up.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "duet/base/log.hpp"
#include "sys/fork_memory.hpp"
#include "sys/line_file.hpp"

namespace duet::io {

class LineOutlet {
 public:
  LineOutlet(const std::string& path, std::shared_ptr<Log> log);
  ~LineOutlet() { report_drops(); }

  // Writes or drops all of `lines`. The process' one writing thread; `giving_up` is not zero when
  // it shall not wait.
  void write(std::string_view lines, const std::atomic<int>& giving_up);

  // For any thread: counts the lines as lost; `error` is a negated errno, or 0 when there was no
  // room for them.
  void drop(std::string_view lines, std::int64_t error) noexcept;
  std::uint64_t dropped() const noexcept { return shared_.dropped; }

  void reopen() noexcept;  // any thread: for the next write, in any process

 private:
  struct Shared {                               // in memory that is the same in all processes
    std::atomic<std::uint64_t> generation = 0;  // how often the file was to be reopened
    std::atomic<std::uint64_t> complained = 0;  // the last generation that was not to be had
    std::atomic<std::uint64_t> dropped = 0;
    std::atomic<std::uint64_t> reported = 0;        // of those dropped
    std::atomic<std::int64_t> reported_last_s = 0;  // on the monotonic clock
    std::atomic<std::int64_t> error = 0;            // of the last drop that had one
    std::atomic<bool> is_torn = false;              // the file ends in the midst of a line
  };

  void open_anew_if_asked();
  void report_drops_if_due();
  void report_drops();
  std::int64_t write_some(std::string_view lines, const std::atomic<int>& giving_up);

  const std::shared_ptr<Log> log_;
  sys::LineFile file_;
  std::uint64_t generation_ = 0;  // of file_; the writing thread's
  const sys::ForkMemory memory_;
  Shared& shared_;
};

}  // namespace duet::io
