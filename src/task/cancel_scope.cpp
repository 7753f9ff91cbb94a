#include "duet/task/cancel_scope.hpp"

#include <algorithm>

namespace duet {

CancelScope::CancelScope(CancelScope* parent, TimePoint deadline, std::string_view name) noexcept
    : deadline_(deadline), name_(name) {
  if (parent == nullptr) return;
  deadline_ = std::min(deadline, parent->deadline_);
  if (name.empty()) name_ = parent->name_;
  reason_ = parent->reason_;
  priority_ = parent->priority_;
  is_draining_ = parent->is_draining_;
  quiet_ = parent->quiet_;
  parent->children_.push_back(*this);
}

void CancelScope::cancel(CancelReason reason) noexcept {
  if (is_cancelled()) return;
  reason_ = reason;
  waits_.for_each([](CancelNode& wait) { wait.notify_(wait, CancelNode::Notice::cancel); });
  children_.for_each([reason](CancelScope& child) { child.cancel(reason); });
}

void CancelScope::drain(Duration quiet) noexcept {
  if (is_cancelled() || is_draining_) return;
  is_draining_ = true;
  quiet_ = quiet;
  waits_.for_each([](CancelNode& wait) { wait.notify_(wait, CancelNode::Notice::drain); });
  children_.for_each([quiet](CancelScope& child) { child.drain(quiet); });
}

void CancelScope::make_room(TimePoint idle_by) noexcept {
  CancelNode* wait = longest_idle();
  if (wait == nullptr || wait->idle_since_ > idle_by) return;
  wait->idle_since_ = never;  // it may take until the next call to end
  wait->notify_(*wait, CancelNode::Notice::make_room);
}

CancelNode* CancelScope::longest_idle() noexcept {
  CancelNode* longest = waits_.find([](CancelNode& wait) { return wait.idle_since_ != never; });
  children_.for_each([&longest](CancelScope& child) {
    CancelNode* other = child.longest_idle();
    if (other == nullptr) return;
    if (longest == nullptr || other->idle_since_ < longest->idle_since_) longest = other;
  });
  return longest;
}

}  // namespace duet
