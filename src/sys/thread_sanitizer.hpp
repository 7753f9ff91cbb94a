#pragma once
// Tells ThreadSanitizer of an order that it does not see, since the kernel or a library that it
// knows nothing of makes it: what was done before note_release(x) is known after note_acquire(x).

#if defined(__SANITIZE_THREAD__)  // g++
#define DUET_NOTES_ORDER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)  // clang
#define DUET_NOTES_ORDER
#endif
#endif
#ifdef DUET_NOTES_ORDER
#include <sanitizer/tsan_interface.h>
#endif

namespace duet::sys {

#ifdef DUET_NOTES_ORDER
inline void note_release(const void* of) noexcept { __tsan_release(const_cast<void*>(of)); }
inline void note_acquire(const void* of) noexcept { __tsan_acquire(const_cast<void*>(of)); }
#else
inline void note_release(const void*) noexcept {}
inline void note_acquire(const void*) noexcept {}
#endif

}  // namespace duet::sys
