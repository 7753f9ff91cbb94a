#include "duet/loop/scope.hpp"

namespace duet {

// A child is started, and afterwards taken down, by a job of its own: neither its first steps nor
// the end of its frame happen inside of another task.
struct Scope::Child : Job {
  Child(Scope& of, Task<> started) noexcept : Job(start), scope(of), task(std::move(started)) {}

  static void start(Job& job) {
    auto& child = static_cast<Child&>(job);
    child.run = end;
    auto finished = [](void* self) { Loop::current().make_ready(*static_cast<Child*>(self)); };
    if (child.task.start(&child.scope.cancel_scope_, finished, &child)) end(child);
  }

  static void end(Job& job) {
    auto& child = static_cast<Child&>(job);
    Scope& scope = child.scope;
    scope.ended(child);
    delete &child;
    if (--scope.children_ == 0 && scope.joiner_ != nullptr)
      Loop::current().make_ready(*std::exchange(scope.joiner_, nullptr));
  }

  Scope& scope;
  Task<> task;
};

void Scope::spawn(Task<> task) {
  ++children_;
  Loop::current().make_ready(*new Child(*this, std::move(task)));
}

void Scope::ended(Child& child) noexcept {
  try {
    child.task.take();
  } catch (...) {
    fail(std::current_exception());
  }
}

void Scope::fail(std::exception_ptr error) noexcept {
  if (!failure_) failure_ = std::move(error);
  cancel(CancelReason::failure);
}

}  // namespace duet
