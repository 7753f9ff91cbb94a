#include "duet/loop/run_on.hpp"

namespace duet {

void RemoteRun::begin(PromiseBase& waiter) {
  home_ = &Loop::current();
  waiter_ = &waiter;
  scope_ = waiter.scope();
  if (scope_ != nullptr) {
    scope_->add(*this);
    reach_->wanted = scope_->reason();
  }
  target_.post(*this);
}

void RemoteRun::start(Job& job) {
  auto& call = static_cast<RemoteRun&>(job);
  TimePoint deadline = call.scope_ == nullptr ? never : call.scope_->deadline();
  call.remote_scope_.emplace(&call.target_.scope(), deadline);
  call.reach_->scope = &*call.remote_scope_;
  if (call.reach_->wanted != CancelReason::none) call.remote_scope_->cancel(call.reach_->wanted);
  call.run = end;
  call.task_ = call.make_();
  auto finished = [](void* self) {
    auto& ended = *static_cast<RemoteRun*>(self);
    ended.target_.make_ready(ended);
  };
  if (call.task_.start(&*call.remote_scope_, finished, &call)) end(call);
}

// What belongs to this loop is taken down here, before the other may go on.
void RemoteRun::end(Job& job) {
  auto& call = static_cast<RemoteRun&>(job);
  call.reach_->scope = nullptr;
  {
    Task<> ended = std::move(call.task_);
  }
  call.remote_scope_.reset();
  call.home_->post(*call.waiter_);
}

void RemoteRun::notify(CancelNode& node, Notice notice) {
  if (notice != Notice::cancel) return;
  auto& call = static_cast<RemoteRun&>(node);
  call.target_.post([reach = call.reach_, reason = call.scope_->reason()] {
    reach->wanted = reason;
    if (reach->scope != nullptr) reach->scope->cancel(reason);
  });
}

}  // namespace duet
