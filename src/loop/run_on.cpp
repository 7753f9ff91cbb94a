#include "duet/loop/run_on.hpp"

#include "loop/held_mutex.hpp"

namespace duet {

bool RemoteRun::begin(PromiseBase& waiter) {
  home_ = &Loop::current();
  waiter_ = &waiter;
  scope_ = waiter.scope();
  if (scope_ != nullptr && scope_->is_cancelled()) return gives_way(waiter);
  if (scope_ != nullptr) scope_->add(*this);
  reach_->loop = &target_;
  report_held_mutexes(home_->log(), "call to another loop");
  target_.post(*this);
  return true;
}

void RemoteRun::start(Job& job) {
  auto& call = static_cast<RemoteRun&>(job);
  if (call.reach_->wanted != CancelReason::none) return call.come_back();
  call.has_begun_ = true;
  if (call.scope_ == nullptr) {
    call.remote_scope_.emplace(&call.target_.scope());
  } else {
    call.remote_scope_.emplace(&call.target_.scope(), call.scope_->deadline(), call.scope_->name());
    call.remote_scope_->set_priority(call.scope_->priority());
  }
  call.reach_->scope = &*call.remote_scope_;
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
  call.come_back();
}

void RemoteRun::come_back() {
  {
    std::lock_guard lock(reach_->mutex);
    reach_->loop = nullptr;
  }
  home_->post(*waiter_);
}

void RemoteRun::notify(CancelNode& node, Notice notice) {
  if (notice != Notice::cancel) return;
  auto& call = static_cast<RemoteRun&>(node);
  std::lock_guard lock(call.reach_->mutex);
  if (call.reach_->loop == nullptr) return;
  call.reach_->loop->post([reach = call.reach_, reason = call.scope_->reason()] {
    reach->wanted = reason;
    if (reach->scope != nullptr) reach->scope->cancel(reason);
  });
}

}  // namespace duet
