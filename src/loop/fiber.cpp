#include "duet/loop/fiber.hpp"

#include "loop/fiber_host.hpp"

namespace duet {
namespace {

sys::FiberStack& take_stack(Loop& loop) {
  if (!sys::has_fibers())
    throw IoError(std::make_error_code(std::errc::function_not_supported),
                  "start a fiber: duet was compiled without Boost.Context");
  return loop.fiber_host().stacks.take();
}

}  // namespace

Fiber::Fiber(sys::FiberSwitch::Function body, void* argument)
    : loop_(Loop::current()), stack_(take_stack(loop_)), switch_(stack_, body, argument) {
  loop_.fiber_host().add(*this);
}

Fiber::~Fiber() {
  DUET_ASSERT(has_ended());  // it would never unwind its stack
  loop_.fiber_host().stacks.give_back(stack_);
}

// Called while the driver is suspended, so it may be resumed as soon as a wait has begun.
bool Fiber::run(PromiseBase& driver) {
  for (;;) {
    enter();
    if (has_ended()) return false;
    if (begin_wait(driver)) return true;
  }
}

void Fiber::enter() noexcept {
  has_run_ = true;
  is_trimmed_ = false;
  loop_.fiber_host().note_run();
  Fiber* before = std::exchange(loop_.fiber, this);
  switch_.enter();
  loop_.fiber = before;
}

bool Fiber::begin_wait(PromiseBase& driver) noexcept {
  try {
    return begin_wait_(awaiter_, detail::Waiting::from_address(driver.self().address()));
  } catch (...) {
    failure_ = std::current_exception();
    return false;
  }
}

TimePoint FiberHost::trim_idle(TimePoint now) noexcept {
  if (!has_run_) return never;
  if (next_look_ == never) next_look_ = after(now, idle_after_);
  if (now < next_look_) return next_look_;
  has_run_ = false;
  fibers_.for_each([this](Fiber& fiber) {
    if (std::exchange(fiber.has_run_, false)) {
      has_run_ = true;
    } else if (!std::exchange(fiber.is_trimmed_, true)) {
      stacks.trim(fiber.stack_, fiber.switch_.used_down_to());
    }
  });
  next_look_ = after(now, idle_after_);
  return has_run_ ? next_look_ : never;
}

namespace detail {

void wait_in_fiber(Fiber& fiber, void* awaiter, BeginWait begin) {
  fiber.awaiter_ = awaiter;
  fiber.begin_wait_ = begin;
  fiber.switch_.leave();
  if (fiber.failure_) std::rethrow_exception(std::exchange(fiber.failure_, nullptr));
}

void refuse_to_stop_the_loop() noexcept {
  assertion_failed("wait(x) in a coroutine would stop its loop; write co_await x", __FILE__,
                   __LINE__);
}

void refuse_without_loop() noexcept {
  assertion_failed("wait(x) has no loop on this thread; make a Loop, or use run_task", __FILE__,
                   __LINE__);
}

void run_to_end(LoopLocal& loop, Task<> task) { static_cast<Loop&>(loop).run(std::move(task)); }

}  // namespace detail
}  // namespace duet
