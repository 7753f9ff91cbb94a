#pragma once
// A pipe to oneself that wakes whoever waits for its descriptor. Unlike an eventfd(2) it is ready
// by a signal, too, if a selector wants that (fcntl(2), O_ASYNC).

#include <fcntl.h>

#include <array>

#include "sys/call.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

class WakePipe {
 public:
  WakePipe() {
    std::array<int, 2> ends{};
    checked(interruptible([&] { return ::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK); }), "pipe2");
    reader_ = Fd(ends[0]);
    writer_ = Fd(ends[1]);
  }

  int get() const noexcept { return reader_.get(); }

  // Safe in any thread and in a signal handler. A full pipe wakes, too.
  void signal() noexcept {
    int saved = errno;
    char byte = 0;
    [[maybe_unused]] ssize_t written = ::write(writer_.get(), &byte, 1);
    errno = saved;
  }

  void clear() noexcept {
    std::array<char, 64> bytes;
    while (::read(reader_.get(), bytes.data(), bytes.size()) ==
           static_cast<ssize_t>(bytes.size())) {
    }
  }

 private:
  Fd reader_, writer_;
};

}  // namespace duet::sys
