#pragma once
// What a sanitizer changes for a test.

#if defined(__SANITIZE_THREAD__)  // g++
#define DUET_TEST_HAS_THREAD_SANITIZER 1
#elif defined(__SANITIZE_ADDRESS__)
#define DUET_TEST_HAS_ADDRESS_SANITIZER 1
#elif defined(__clang__)
#if __has_feature(thread_sanitizer)
#define DUET_TEST_HAS_THREAD_SANITIZER 1
#elif __has_feature(address_sanitizer)
#define DUET_TEST_HAS_ADDRESS_SANITIZER 1
#endif
#endif

namespace duet::test {

// ThreadSanitizer adds threads to a process, and calls a signal's handler only after some later
// call that it knows.
#if defined(DUET_TEST_HAS_THREAD_SANITIZER)
constexpr bool has_thread_sanitizer = true;
#else
constexpr bool has_thread_sanitizer = false;
#endif

// Either keeps memory that was freed, as it is or as a shadow.
#if defined(DUET_TEST_HAS_THREAD_SANITIZER) || defined(DUET_TEST_HAS_ADDRESS_SANITIZER)
#define DUET_TEST_HAS_SANITIZER 1
constexpr bool has_sanitizer = true;
#else
constexpr bool has_sanitizer = false;
#endif

}  // namespace duet::test
