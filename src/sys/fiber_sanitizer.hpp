#pragma once
// What AddressSanitizer and ThreadSanitizer have to know of stacks that are switched: empty without
// them. See sanitizer/common_interface_defs.h and sanitizer/tsan_interface.h.

#include "duet/sys/fiber_stacks.hpp"
#include "sys/sanitizers.hpp"

#if defined(DUET_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif defined(DUET_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace duet::sys {

#if defined(DUET_THREAD_SANITIZER)

inline void make_sanitizer_fiber(FiberStack& stack) {
  stack.thread_sanitizer_fiber = __tsan_create_fiber(0);
}
inline void destroy_sanitizer_fiber(FiberStack& stack) noexcept {
  __tsan_destroy_fiber(stack.thread_sanitizer_fiber);
}
inline void* sanitizer_fiber() noexcept { return __tsan_get_current_fiber(); }
inline void switch_sanitizer_fiber(void* fiber) noexcept { __tsan_switch_to_fiber(fiber, 0); }

#else

inline void make_sanitizer_fiber(FiberStack&) {}
inline void destroy_sanitizer_fiber(FiberStack&) noexcept {}
inline void* sanitizer_fiber() noexcept { return nullptr; }
inline void switch_sanitizer_fiber(void*) noexcept {}

#endif

#if defined(DUET_ADDRESS_SANITIZER)

// `kept` is where the fake stack of what is left stays; null when it has ended.
inline void begin_switch(void** kept, const void* lowest, std::size_t bytes) noexcept {
  __sanitizer_start_switch_fiber(kept, lowest, bytes);
}
inline void end_switch(void* kept, const void** left_lowest, std::size_t* left_bytes) noexcept {
  __sanitizer_finish_switch_fiber(kept, left_lowest, left_bytes);
}

// The frames that a fiber ended in are never returned from.
inline void forget_frames(const FiberStack& stack) noexcept {
  __asan_unpoison_memory_region(stack.lowest, stack.size_bytes);
}

#else

inline void begin_switch(void**, const void*, std::size_t) noexcept {}
inline void end_switch(void*, const void**, std::size_t*) noexcept {}
inline void forget_frames(const FiberStack&) noexcept {}

#endif

}  // namespace duet::sys
