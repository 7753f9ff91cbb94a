#include "duet/loop/sleep.hpp"

#include "loop/held_mutex.hpp"

namespace duet {

bool Sleep::begin(PromiseBase& waiter) {
  scope_ = waiter.scope();
  is_cancelled_ = scope_ != nullptr && scope_->is_cancelled();
  if (is_cancelled_) return gives_way(waiter);
  waiter_ = &waiter;
  Loop& loop = Loop::current();
  // No time is a turn, not the rest of the tick.
  loop.timers().add(*this, delay_ > Duration::zero() ? after(loop.now(), delay_) : past);
  if (scope_ != nullptr) scope_->add(*this);
  report_held_mutexes(loop.log(), "sleep");
  return true;
}

void Yield::begin(PromiseBase& waiter) {
  waiter_ = &waiter;
  Loop& loop = Loop::current();
  loop.make_ready(waiter);
  report_held_mutexes(loop.log(), "yield");
}

void Sleep::fire(Timer& timer) {
  auto& sleep = static_cast<Sleep&>(timer);
  static_cast<CancelNode&>(sleep).unlink();
  Loop::current().make_ready(*sleep.waiter_);
}

void Sleep::notify(CancelNode& node, Notice notice) {
  auto& sleep = static_cast<Sleep&>(node);
  if (notice != Notice::cancel || !static_cast<Timer&>(sleep).is_set()) return;
  sleep.is_cancelled_ = true;
  Loop::current().timers().remove(sleep);
  Loop::current().make_ready(*sleep.waiter_);
}

}  // namespace duet
