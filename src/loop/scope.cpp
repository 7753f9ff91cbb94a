#include "duet/loop/scope.hpp"

#include "duet/base/assert.hpp"
#include "loop/held_mutex.hpp"
#include "loop/lock_graph.hpp"

namespace duet {

// A child is started, and afterwards taken down, by a job of its own: neither its first steps nor
// the end of its frame happen inside of another task.
struct Scope::Child : Job {
  Child(Scope& of, Task<> started) noexcept : Job(start), scope(of), task(std::move(started)) {}

  static void start(Job& job) {
    auto& child = static_cast<Child&>(job);
    child.run = end;
    auto finished = [](void* self) { Loop::current().take_down(*static_cast<Child*>(self)); };
    if (child.task.start(&child.scope.cancel_scope_, finished, &child)) end(child);
  }

  static void end(Job& job) {
    auto& child = static_cast<Child&>(job);
    Scope& scope = child.scope;
    scope.ended(child);
    delete &child;
    if (--scope.children_ != 0 || scope.joiner_ == nullptr) return;
    note_end_of_join(scope.cancel_scope_);
    Loop::current().make_ready(*std::exchange(scope.joiner_, nullptr));
  }

  Scope& scope;
  Task<> task;
};

void Scope::Join::begin(PromiseBase& waiter) {
  scope_.joiner_ = &waiter;
  note_join(scope_.cancel_scope_, waiter);
  report_held_mutexes(Loop::current().log(), "the end of other tasks");
}

const CancelScope* Scope::scope_of(const Job& job) noexcept {
  if (job.run != Child::start) return nullptr;
  return &static_cast<const Child&>(job).scope.cancel_scope_;
}

void Scope::check_loop() const noexcept {
  if (has_usage_checks && made_by_ != nullptr && made_by_ != loops_of_thread.running)
    assertion_failed(
        "a scope is given a task by who does not run its loop; use post() or run_on() of that loop",
        __FILE__, __LINE__);
}

void Scope::spawn(Task<> task) {
  check_loop();
  ++children_;
  Loop::current().make_ready(*new Child(*this, std::move(task)));
}

void Scope::start(Task<> task) {
  check_loop();
  ++children_;
  Child::start(*new Child(*this, std::move(task)));
}

Task<> Scope::run_named(CancelScope& around, std::string_view name, Task<> task) {
  CancelScope named(&around, never, name);
  co_await std::move(task).in(named);
}

void Scope::ended(Child& child) noexcept {
  try {
    child.task.take();
  } catch (...) {
    note_failure();
  }
}

void Scope::note_failure() noexcept {
  try {
    throw;
  } catch (const Cancelled&) {
    has_cancelled_tasks_ = true;
    if (cancel_scope_.is_cancelled()) return;
    failure_ = std::current_exception();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
  }
  cancel(CancelReason::failure);
}

void Scope::rethrow_failure() const {
  if (failure_) std::rethrow_exception(failure_);
  bool is_cancelled_from_around = parent_ != nullptr && parent_->is_cancelled();
  if (has_cancelled_tasks_ && is_cancelled_from_around) throw Cancelled{parent_->reason()};
}

void Scope::rethrow_any_end() const {
  rethrow_failure();
  if (has_cancelled_tasks_) throw Cancelled{cancel_scope_.reason()};
}

}  // namespace duet
