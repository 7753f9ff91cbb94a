#include "sys/signal_fd.hpp"

#include <sys/signalfd.h>

#include <cstring>

#include "sys/call.hpp"
#include "sys/signal.hpp"

namespace duet::sys {

SignalFd::SignalFd(const std::vector<int>& signals) {
  sigemptyset(&taken_);
  for (int signal : signals) {
    if (is_read(signal))
      throw IoError(error_code(-EBUSY), "take", [signal] { return name_of(signal); });
    sigaddset(&taken_, signal);
  }
  pthread_sigmask(SIG_BLOCK, &taken_, &before_);
  fd_ = Fd(static_cast<int>(
      checked(interruptible([&] { return ::signalfd(-1, &taken_, SFD_CLOEXEC | SFD_NONBLOCK); }),
              "signalfd")));
}

void SignalFd::drop_pending() noexcept {
  timespec at_once{};
  while (::sigtimedwait(&taken_, nullptr, &at_once) > 0) continue;
}

SignalFd::~SignalFd() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

const std::size_t SignalFd::record_bytes = sizeof(signalfd_siginfo);

int SignalFd::number_in(std::span<const std::byte> record) noexcept {
  signalfd_siginfo info{};
  std::memcpy(&info, record.data(), sizeof info);
  return static_cast<int>(info.ssi_signo);
}

}  // namespace duet::sys
