#pragma once
// Signal-driven I/O, fcntl(2): the kernel sends a real-time signal with the descriptor's number
// when it becomes ready, and SIGIO when the queue of signals (RLIMIT_SIGPENDING) is full. Duet
// reserves one number for it, which is blocked and taken, and never runs a handler.

#include <fcntl.h>
#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>

#include "sys/timeout.hpp"

namespace duet::sys {

// What became of asking that a descriptor signals.
enum class Signalling : unsigned char {
  begun,
  cannot,        // the kernel knows no signals for it: eventfd, timerfd, signalfd, pidfd, …
  is_of_others,  // its description signals another descriptor, thread or process, or soon may
};

// The settings of an open file description before it signalled us. Small: there is one for each.
struct FormerSignalling {
  pid_t owner = 0;
  std::int16_t owner_type = F_OWNER_TID;
  std::int16_t signal = 0;
};

// The thread that makes it gets the signals, and blocks them until the end of its life. One at a
// time for a thread: EBUSY.
class ReadinessSignals {
 public:
  ReadinessSignals();
  ~ReadinessSignals();
  ReadinessSignals(const ReadinessSignals&) = delete;
  ReadinessSignals& operator=(const ReadinessSignals&) = delete;

  // Signals of new readiness come from now on; what is ready already is not told. The description
  // may be shared with other descriptors and processes, so end() puts back what was before.
  Signalling begin(int descriptor, FormerSignalling& former) const noexcept;

  // Leaves a descriptor alone that signals somebody else, or is another by now.
  void end(int descriptor, const FormerSignalling& former) const noexcept;

  bool is_of_this_thread() const noexcept {
    return ::pthread_equal(handle_, ::pthread_self()) != 0;
  }

  // Waits for one; returns its number, or a negated errno: EAGAIN after the time, EINTR.
  std::int64_t take_interruptible(siginfo_t& info, const Timeout& timeout) const noexcept;

  // The descriptor that the signal is about; nothing if the kernel has not sent it.
  static std::optional<int> descriptor_of(const siginfo_t& info) noexcept;

  // Ends a wait that is under way, or else the next one, with a signal about no descriptor. Any
  // thread.
  void wake() const noexcept;

 private:
  bool is_ours(int descriptor) const noexcept;

  const pid_t thread_;
  const pthread_t handle_;
  sigset_t signals_;
  sigset_t before_;
};

}  // namespace duet::sys
