#include "duet/loop/event.hpp"

namespace duet {

void Event::set() noexcept {
  is_set_ = true;
  while (!waits_.empty()) static_cast<Wait&>(waits_.front()).end();
}

bool Event::Wait::begin(PromiseBase& waiter) noexcept {
  scope_ = waiter.scope();
  is_cancelled_ = scope_ != nullptr && scope_->is_cancelled();
  if (is_cancelled_) return false;
  if (event_.is_set_) return gives_way(waiter);
  waiter_ = &waiter;
  event_.waits_.push_back(*this);
  if (scope_ != nullptr) scope_->add(*this);
  return true;
}

void Event::Wait::notify(CancelNode& node, Notice notice) {
  auto& wait = static_cast<Wait&>(node);
  if (notice != Notice::cancel || !static_cast<Queued&>(wait).is_linked()) return;
  wait.is_cancelled_ = true;
  wait.end();
}

void Event::Wait::end() noexcept {
  static_cast<Queued&>(*this).unlink();
  static_cast<CancelNode&>(*this).unlink();
  Loop::current().make_ready(*waiter_);
}

}  // namespace duet
