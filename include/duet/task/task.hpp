#pragma once
// Task<T>: a coroutine that has not begun until it is awaited or spawned, and that its awaiter
// outlives. `co_await task` starts it inline; if it finishes without having to wait, the awaiter is
// not suspended at all. A task that finishes later resumes its awaiter directly. It runs on one
// loop, in the cancel scope of its awaiter, and an exception that leaves it comes out of co_await.
//
// Awaiting is written `co_await x;`, `T v = co_await x;` or `co_return co_await x;` and nothing
// else: g++ 12 miscompiles other forms (docs/coroutines.md). Symmetric transfer is not used: at -O0
// and under sanitizers g++ makes it no tail call.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "duet/base/assert.hpp"
#include "duet/base/job.hpp"
#include "duet/task/cancel_scope.hpp"
#include "duet/task/frame_recycler.hpp"
#include "duet/task/loop_local.hpp"

namespace duet {

template <class T = void>
class Task;

// What all promises share. Its Job resumes the coroutine from a loop's ready queue.
class PromiseBase : public Job {
 public:
  using Finished = void (*)(void* argument);

  CancelScope* scope() const noexcept { return scope_; }
  std::coroutine_handle<> self() const noexcept { return self_; }

  // What its Job runs.
  static void resume(Job& job) { static_cast<PromiseBase&>(job).self_.resume(); }

  // The coroutine that awaits this one; nobody, if the loop or a scope runs it.
  const PromiseBase* awaiter() const noexcept {
    return finished_ == resume_awaiter ? static_cast<const PromiseBase*>(argument_) : nullptr;
  }

  static void* operator new(std::size_t size) { return FrameRecycler::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept {
    FrameRecycler::free(frame, size);
  }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  auto final_suspend() const noexcept {
    struct Final {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<>) const noexcept { promise.finish(); }
      void await_resume() const noexcept {}
      const PromiseBase& promise;
    };
    return Final{*this};
  }

 protected:
  explicit PromiseBase(std::coroutine_handle<> self) noexcept : Job(resume), self_(self) {}

  void rethrow_error() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  template <class T>
  friend class Task;

  static void resume_awaiter(void* awaiter) { static_cast<PromiseBase*>(awaiter)->self_.resume(); }

  // `finished` may free this frame.
  void finish() const noexcept {
    if (!is_inline_) finished_(argument_);
  }

  // Runs the coroutine up to its first wait. True if it has finished by then; otherwise `finished`
  // is called when it has.
  bool start(CancelScope* scope, Finished finished, void* argument) {
    DUET_ASSERT(finished_ == nullptr);  // a task is awaited once
    scope_ = scope;
    finished_ = finished;
    argument_ = argument;
    is_inline_ = true;
    self_.resume();
    is_inline_ = false;
    return self_.done();
  }

  const std::coroutine_handle<> self_;
  CancelScope* scope_ = nullptr;
  Finished finished_ = nullptr;
  void* argument_ = nullptr;
  bool is_inline_ = false;
  std::exception_ptr error_;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Promise() noexcept : PromiseBase(std::coroutine_handle<Promise>::from_promise(*this)) {}
  Task<T> get_return_object() noexcept;

  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow_error();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Promise() noexcept : PromiseBase(std::coroutine_handle<Promise>::from_promise(*this)) {}
  Task<void> get_return_object() noexcept;

  void return_void() const noexcept {}
  void take() const { rethrow_error(); }
};

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Value = T;

  Task() noexcept = default;
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Task() {
    if (!coroutine_) return;
    // A task that waits cannot be thrown away: the kernel may still write into its buffers.
    DUET_ASSERT(coroutine_.done() || coroutine_.promise().finished_ == nullptr);
    coroutine_.destroy();
  }

  bool is_done() const noexcept { return coroutine_.done(); }

  // For whoever keeps the task and is no coroutine itself; see PromiseBase::start.
  bool start(CancelScope* scope, PromiseBase::Finished finished, void* argument) {
    return coroutine_.promise().start(scope, finished, argument);
  }
  T take() { return coroutine_.promise().take(); }

  auto operator co_await() && noexcept { return Awaiter(coroutine_.promise(), nullptr); }

  // Awaited like the task, which then runs in `scope` instead of its awaiter's scope.
  auto in(CancelScope& scope) && noexcept { return Awaiter(coroutine_.promise(), &scope); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

  class Awaiter {
   public:
    Awaiter(promise_type& child, CancelScope* scope) noexcept : child_(child), scope_(scope) {}
    bool await_ready() const noexcept { return false; }

    template <class Parent>
    bool await_suspend(std::coroutine_handle<Parent> parent) {
      PromiseBase& awaiter = parent.promise();
      CancelScope* scope = scope_ == nullptr ? awaiter.scope() : scope_;
      return !child_.start(scope, PromiseBase::resume_awaiter, &awaiter) || gives_way(awaiter);
    }
    T await_resume() { return child_.take(); }

   private:
    promise_type& child_;
    CancelScope* const scope_;
  };

  std::coroutine_handle<promise_type> coroutine_;
};

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace duet
