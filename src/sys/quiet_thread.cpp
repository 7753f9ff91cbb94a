#include "sys/quiet_thread.hpp"

#include <pthread.h>

#include "sys/signal.hpp"

namespace duet::sys {

QuietThread::QuietThread(std::function<void()> run) {
  install_interrupt_handler();
  BlockedSignals blocked;
  thread_ = std::thread([run = std::move(run)] {
    accept_interrupts();
    run();
  });
}

QuietThread::~QuietThread() { thread_.join(); }

void QuietThread::interrupt() noexcept {
  ::pthread_kill(thread_.native_handle(), interrupt_signal());
}

}  // namespace duet::sys
