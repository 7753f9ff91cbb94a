#pragma once
// A signal for the thread that makes it, again and again as long as it lives: what waits in a call
// meanwhile is interrupted. The signal's handler does nothing.

#include <pthread.h>

#include <chrono>
#include <thread>

#include "sys/signal.hpp"

namespace duet::test {

class Interrupter {
 public:
  Interrupter() {
    sys::install_interrupt_handler();  // before the first signal
    thread_ = std::jthread([waiter = ::pthread_self()](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        ::pthread_kill(waiter, sys::interrupt_signal());
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    });
  }

 private:
  std::jthread thread_;
};

}  // namespace duet::test
