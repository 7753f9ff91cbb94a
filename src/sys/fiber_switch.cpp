#include "duet/sys/fiber_switch.hpp"

#include <cxxabi.h>

#include <utility>

#include "duet/base/assert.hpp"
#include "sys/fiber_sanitizer.hpp"

#if defined(DUET_HAVE_FIBERS)

#include <boost/context/detail/fcontext.hpp>

namespace duet::sys {
namespace {

// The layout that the Itanium C++ ABI prescribes: section 2.2.2 of its exception handling.
struct Exceptions {
  void* caught;
  unsigned uncaught;
};

}  // namespace

using boost::context::detail::jump_fcontext;
using boost::context::detail::transfer_t;

bool has_fibers() noexcept { return true; }

// The first frame on the fiber's stack.
struct FiberSwitch::Entry {
  static void run(transfer_t from) noexcept {
    auto& self = *static_cast<FiberSwitch*>(from.data);
    self.outside_ = from.fctx;
    end_switch(nullptr, &self.outside_lowest_, &self.outside_bytes_);
    self.function_(self.argument_);
    self.has_ended_ = true;
    self.exchange_exceptions();
    begin_switch(nullptr, self.outside_lowest_, self.outside_bytes_);
    switch_sanitizer_fiber(self.outside_fiber_);
    jump_fcontext(self.outside_, nullptr);
  }
};

FiberSwitch::FiberSwitch(FiberStack& stack, Function function, void* argument)
    : stack_(stack), function_(function), argument_(argument) {
  inside_ = boost::context::detail::make_fcontext(stack.lowest + stack.size_bytes, stack.size_bytes,
                                                  Entry::run);
}

void FiberSwitch::enter() noexcept {
  exchange_exceptions();
  void* fake_stack = nullptr;
  begin_switch(&fake_stack, stack_.lowest, stack_.size_bytes);
  outside_fiber_ = sanitizer_fiber();
  switch_sanitizer_fiber(stack_.thread_sanitizer_fiber);
  inside_ = jump_fcontext(inside_, this).fctx;
  end_switch(fake_stack, nullptr, nullptr);
}

void FiberSwitch::leave() noexcept {
  exchange_exceptions();
  void* fake_stack = nullptr;
  begin_switch(&fake_stack, outside_lowest_, outside_bytes_);
  switch_sanitizer_fiber(outside_fiber_);
  outside_ = jump_fcontext(outside_, nullptr).fctx;
  end_switch(fake_stack, &outside_lowest_, &outside_bytes_);
}

// All before the jump, on the thread that enters or leaves: the next may be another one, which a
// compiler that sees both does not expect.
[[gnu::noinline]] void FiberSwitch::exchange_exceptions() noexcept {
  auto& ours = *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  std::swap(ours.caught, caught_exceptions_);
  std::swap(ours.uncaught, uncaught_exceptions_);
}

}  // namespace duet::sys

#else

namespace duet::sys {

bool has_fibers() noexcept { return false; }

FiberSwitch::FiberSwitch(FiberStack& stack, Function function, void* argument)
    : stack_(stack), function_(function), argument_(argument) {
  DUET_ASSERT(has_fibers());
}

void FiberSwitch::enter() noexcept { DUET_ASSERT(has_fibers()); }
void FiberSwitch::leave() noexcept { DUET_ASSERT(has_fibers()); }

}  // namespace duet::sys

#endif
