#pragma once
// Which sanitizer the sources are compiled for: g++ and clang say so in different ways.

#if defined(__SANITIZE_ADDRESS__)  // g++
#define DUET_ADDRESS_SANITIZER 1
#elif defined(__SANITIZE_THREAD__)
#define DUET_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang
#define DUET_ADDRESS_SANITIZER 1
#elif __has_feature(thread_sanitizer)
#define DUET_THREAD_SANITIZER 1
#endif
#endif
