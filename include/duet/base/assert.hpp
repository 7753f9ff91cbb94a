#pragma once
// DUET_ASSERT: an invariant between layers, checked in every build. It ends the program with the
// place and the condition, because a broken invariant has no correct answer. Never for input from
// outside: that is checked and answered.

namespace duet {

// Whether a program's misuse of duet is looked for where that costs something on each call.
#if defined(NDEBUG) && !defined(_GLIBCXX_ASSERTIONS)
constexpr bool has_usage_checks = false;
#else
constexpr bool has_usage_checks = true;
#endif

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace duet

#define DUET_ASSERT(condition)            \
  (static_cast<bool>(condition) ? void(0) \
                                : ::duet::assertion_failed(#condition, __FILE__, __LINE__))
