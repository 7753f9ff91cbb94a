#pragma once
// Appends lines to a file without waiting for it, whatever is at its other end. Lines are collected
// in a bounded buffer, which one thread per process writes out in batches; a line for which there
// is no room is dropped whole and counted. The thread starts with a process' first line, so that
// before it fork(2) copies a whole program; a child has an empty buffer and in time a thread of its
// own. Several processes may append to one file: their lines do not mix. Drops and a file that
// cannot be reopened are reported to the log, drops at most once a second and at the end.
//
// Made and ended by the program; the members are for any thread and throw nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "duet/base/log.hpp"
#include "duet/base/time.hpp"

namespace duet::io {

class LineWriter {
 public:
  static constexpr std::size_t line_max_bytes = 4096;  // what a pipe takes in one piece
  static constexpr std::size_t buffer_bytes = 1 << 20;

  // An empty path is standard output. Throws IoError with the path.
  LineWriter(const std::string& path, std::shared_ptr<Log> log);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  ~LineWriter();  // gives what is left one second

  // `line` ends in its only line feed and has at most line_max_bytes. No call to the system but,
  // after a pause, one to wake the thread.
  void append(std::string_view line) noexcept;

  // Waits until all lines that this process appended before are written. What is not by then is
  // dropped and counted, and false the result. A process that ends by _exit(2) calls it.
  bool flush(Delay at_most) noexcept;

  // The next write, in this process and in all that inherited the writer, opens the path anew.
  void reopen() noexcept;

  // Lines dropped so far by this process and all that inherited the writer.
  std::uint64_t dropped() const noexcept;

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace duet::io
