#pragma once
// A counter that wakes whoever waits for its descriptor, eventfd(2).

#include <sys/eventfd.h>

#include "sys/call.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

class EventFd {
 public:
  EventFd()
      : fd_(static_cast<int>(checked(
            interruptible([] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }), "eventfd"))) {}

  int get() const noexcept { return fd_.get(); }

  // Safe in any thread and in a signal handler.
  void signal() noexcept {
    int saved = errno;
    ::eventfd_write(fd_.get(), 1);
    errno = saved;
  }

  void clear() noexcept { take(); }

  // The same; whether there was a signal.
  bool take() noexcept {
    eventfd_t count = 0;
    return ::eventfd_read(fd_.get(), &count) == 0;
  }

 private:
  Fd fd_;
};

}  // namespace duet::sys
