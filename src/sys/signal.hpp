#pragma once
// Signals: the mask of a thread, a descriptor to read them from, and the real-time signals that
// duet reserves.

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>

namespace duet::sys {

// The reserved signal. Its handler does nothing; what matters is that a blocking call returns
// EINTR.
int interrupt_signal() noexcept;
void install_interrupt_handler();
void accept_interrupts() noexcept;  // on this thread, whatever signals the program has blocked

// Reserved, too: tells that a request of POSIX AIO has ended.
int aio_signal() noexcept;

int last_signal() noexcept;
std::string name_of(int signal);  // "SIGUSR1"

// Who takes a signal in this process: a handler, or a descriptor (signalfd(2)); one that was
// inherited from another program, which nobody reads, does not count.
bool has_handler(int signal) noexcept;
bool is_read(int signal);

// A thread of this process, other than the calling one, that does not block the signal.
std::optional<pid_t> find_other_thread_without_block(int signal);

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
