#pragma once
// What a sanitizer changes for a test.

namespace duet::test {

// ThreadSanitizer adds threads to a process, and calls a signal's handler only after some later
// call that it knows. Both keep memory that was freed, for a while or as shadows.
#if defined(__clang__)
constexpr bool has_thread_sanitizer = __has_feature(thread_sanitizer);
constexpr bool has_address_sanitizer = __has_feature(address_sanitizer);
#else
#if defined(__SANITIZE_THREAD__)
constexpr bool has_thread_sanitizer = true;
#else
constexpr bool has_thread_sanitizer = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr bool has_address_sanitizer = true;
#else
constexpr bool has_address_sanitizer = false;
#endif
#endif
constexpr bool has_sanitizer = has_thread_sanitizer || has_address_sanitizer;

}  // namespace duet::test
