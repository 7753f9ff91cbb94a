#include "io/selector/readiness_thread.hpp"

#include <array>

#include "sys/poll.hpp"

namespace duet::io {

ReadinessThread::ReadinessThread(Trigger trigger, std::function<void()> tell)
    : selector_(make_epoll_mechanism(trigger)),
      tell_(std::move(tell)),
      thread_([this] { run(); }) {}

ReadinessThread::~ReadinessThread() {
  is_stopping_.store(true);
  stop_.signal();
  go_on();
}

void ReadinessThread::go_on() noexcept {
  if (rests_.exchange(false)) go_on_.release();
}

void ReadinessThread::run() {
  std::array<pollfd, 2> polled = {{{.fd = selector_->descriptor(), .events = POLLIN, .revents = 0},
                                   {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (!is_stopping_.load()) {
    if (sys::poll_interruptible(polled, sys::Timeout(never)) <= 0) continue;
    rests_.store(true);
    tell_();
    if (!is_stopping_.load()) go_on_.acquire();
  }
}

}  // namespace duet::io
