#pragma once
// Tells ThreadSanitizer of an order that it does not see, since the kernel or a library that it
// knows nothing of makes it: what was done before note_release(x) is known after note_acquire(x).

#include "sys/sanitizers.hpp"

#ifdef DUET_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace duet::sys {

#ifdef DUET_THREAD_SANITIZER
inline void note_release(const void* of) noexcept { __tsan_release(const_cast<void*>(of)); }
inline void note_acquire(const void* of) noexcept { __tsan_acquire(const_cast<void*>(of)); }
#else
inline void note_release(const void*) noexcept {}
inline void note_acquire(const void*) noexcept {}
#endif

}  // namespace duet::sys
