#pragma once
// Shared<T>: state that connections share, handed to them as an argument of serve. It is used
// through with(function), which has the value for itself while the function runs and cannot await:
// a plain call where one loop serves all connections, a lock where there are threads. Models that
// fork cannot share memory: Runtime::serve refuses a handler with a Shared under them. Copies mean
// the same value.
//
//   Shared<long> hits(0);
//   runtime.serve(address, count, hits);        // Task<> count(Stream peer, Shared<long> hits)
//   hits.with([](long& n) { ++n; });

#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace duet {

template <class T>
class Task;

namespace detail {

template <class T>
struct IsTask : std::false_type {};
template <class T>
struct IsTask<Task<T>> : std::true_type {};

}  // namespace detail

template <class T>
class Shared {
 public:
  template <class... Arguments>
    requires std::is_constructible_v<T, Arguments...>
  explicit Shared(Arguments&&... arguments)
      : state_(std::make_shared<State>(std::forward<Arguments>(arguments)...)) {}

  // Calls function(T&) and returns what it returns.
  template <class Function>
  auto with(Function function) const -> std::invoke_result_t<Function, T&> {
    using Result = std::invoke_result_t<Function, T&>;
    static_assert(
        !detail::IsTask<std::remove_cvref_t<Result>>::value,
        "the function given to Shared::with cannot await: it would hold the lock meanwhile");
    if (state_->has_one_loop) return function(state_->value);
    std::lock_guard lock(state_->mutex);
    return function(state_->value);
  }

  // Tells that one loop, and no other thread, uses the value from now on. Runtime::run does so when
  // it is true.
  void use_on_one_loop(bool has_one_loop) const noexcept { state_->has_one_loop = has_one_loop; }

 private:
  struct State {
    template <class... Arguments>
    explicit State(Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}
    T value;
    std::mutex mutex;
    bool has_one_loop = false;
  };

  std::shared_ptr<State> state_;
};

namespace detail {

template <class T>
struct IsShared : std::false_type {};
template <class T>
struct IsShared<Shared<T>> : std::true_type {};

}  // namespace detail

}  // namespace duet
