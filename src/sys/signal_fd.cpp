#include "sys/signal_fd.hpp"

#include <sys/signalfd.h>

#include <cstring>

#include "sys/call.hpp"

namespace duet::sys {

SignalFd::SignalFd(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  fd_ = Fd(static_cast<int>(
      checked(interruptible([&] { return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK); }),
              "signalfd")));
}

SignalFd::~SignalFd() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

const std::size_t SignalFd::record_bytes = sizeof(signalfd_siginfo);

int SignalFd::number_in(std::span<const std::byte> record) noexcept {
  signalfd_siginfo info{};
  std::memcpy(&info, record.data(), sizeof info);
  return static_cast<int>(info.ssi_signo);
}

}  // namespace duet::sys
