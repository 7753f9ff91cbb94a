#include "sys/signal.hpp"

#include "sys/call.hpp"

namespace duet::sys {
namespace {

void do_nothing(int) {}

}  // namespace

int interrupt_signal() noexcept { return SIGRTMIN + 7; }

void install_interrupt_handler() {
  struct sigaction action{};
  action.sa_handler = do_nothing;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: the call must return
  checked(interruptible([&] { return ::sigaction(interrupt_signal(), &action, nullptr); }),
          "sigaction");
}

void accept_interrupts() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, interrupt_signal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

BlockedSignals::BlockedSignals() noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace duet::sys
