#pragma once
// Signals: the mask of a thread, a descriptor to read them from, and the one real-time signal that
// duet reserves to interrupt a blocking call.

#include <csignal>

#include "sys/fd.hpp"

namespace duet::sys {

// The reserved signal. Its handler does nothing; what matters is that a blocking call returns
// EINTR.
int interrupt_signal() noexcept;
void install_interrupt_handler();
void accept_interrupts() noexcept;  // on this thread, whatever signals the program has blocked

// Blocks every signal for the calling thread, so that a thread made meanwhile is sent none.
class BlockedSignals {
 public:
  BlockedSignals() noexcept;
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace duet::sys
