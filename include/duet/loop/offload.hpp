#pragma once
// Blocking work. A function that would keep the loop's thread for too long is called on a thread of
// its class' pool instead; its result, or what it throws, comes back to the coroutine that awaits.
//
//   auto work = offload(Work::compute, [&image] { return scaled(image); });
//   Image small = co_await std::move(work);
//
// The function may take a `const WorkOrder&`, which tells the deadline and whether the result is
// still wanted. On a loop whose engine blocks it is simply called, on the loop's own thread; it
// sees a thread without a loop there as well, so `wait` of a Channel or a Mutex blocks that thread,
// and what the loop's other tasks would have to do for it never comes.

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "duet/io/call.hpp"
#include "duet/loop/wait.hpp"
#include "duet/task/loop_local.hpp"

namespace duet {

// The operation, with the function and its outcome.
template <class Function>
class FunctionCall : public io::Call {
  static constexpr bool takes_order = std::is_invocable_v<Function&, const WorkOrder&>;

  static decltype(auto) call_function(Function& function, const WorkOrder& order) {
    if constexpr (takes_order)
      return std::invoke(function, order);
    else
      return std::invoke(function);
  }

 public:
  using Value = decltype(call_function(std::declval<Function&>(), std::declval<WorkOrder>()));
  static_assert(!std::is_reference_v<Value>, "offloaded functions return values");

  FunctionCall(const Work& of, Function function)
      : Call(of, carry_out), function_(std::move(function)) {
    if constexpr (takes_order) stop = std::stop_source();
  }

  friend Value value_of(FunctionCall& done) {
    if (done.error_) std::rethrow_exception(done.error_);
    if constexpr (!std::is_void_v<Value>) return std::move(*done.value_);
  }

 private:
  static void carry_out(Call& call) noexcept {
    auto& self = static_cast<FunctionCall&>(call);
    WithoutLoop apart;
    WorkOrder order{self.deadline, self.stop.get_token()};
    try {
      if constexpr (std::is_void_v<Value>)
        call_function(self.function_, order);
      else
        self.value_.emplace(call_function(self.function_, order));
    } catch (...) {
      self.error_ = std::current_exception();
    }
  }

  Function function_;
  std::optional<std::conditional_t<std::is_void_v<Value>, std::monostate, Value>> value_;
  std::exception_ptr error_;
};

// Completes when the function has returned or thrown; what it captures must live until then, and
// does if the awaiting coroutine keeps it. Each result comes back in a turn of the loop.
//
// While all threads of the class are busy the work waits its turn. Cancelled, or its deadline past,
// before its turn has come, it is not done at all; later, it is waited for and its outcome counts.
// Fails with Errc::queue_full when as much work of the class waits as may.
template <class Function>
Wait<FunctionCall<Function>> offload(const Work& work, Function function) {
  auto name = [](const void* about) -> IoError::Subject {
    return [text = static_cast<const char*>(about)] { return std::string(text); };
  };
  return {FunctionCall<Function>(work, std::move(function)), name, work.name};
}

}  // namespace duet
