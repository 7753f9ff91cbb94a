#pragma once
// Signals as something to read, signalfd(2): the signals are blocked for the calling thread, and
// for the threads that it starts, until the end of this object's life. Of two descriptors for one
// signal only one would have it, so a second is refused: IoError, EBUSY.

#include <csignal>
#include <cstddef>
#include <span>
#include <vector>

#include "sys/fd.hpp"

namespace duet::sys {

class SignalFd {
 public:
  explicit SignalFd(const std::vector<int>& signals);
  ~SignalFd();
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  int get() const noexcept { return fd_.get(); }
  int give_up() noexcept { return fd_.give_up(); }

  // Takes the signals that nobody has read: at the end, they would have their default action.
  void drop_pending() noexcept;

  // How many bytes one signal takes, and which it is.
  static const std::size_t record_bytes;
  static int number_in(std::span<const std::byte> record) noexcept;

 private:
  sigset_t taken_;
  sigset_t before_;
  Fd fd_;
};

}  // namespace duet::sys
