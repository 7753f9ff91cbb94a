#pragma once
// What a sanitizer changes for a test.

namespace duet::test {

// ThreadSanitizer adds threads to a process, and calls a signal's handler only after some later
// call that it knows.
#if defined(__SANITIZE_THREAD__)  // g++
constexpr bool has_thread_sanitizer = true;
#elif defined(__clang__)
constexpr bool has_thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool has_thread_sanitizer = false;
#endif

}  // namespace duet::test
