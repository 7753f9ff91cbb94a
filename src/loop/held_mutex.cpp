#include "loop/held_mutex.hpp"

#include "duet/sys/held_mutexes.hpp"

#ifndef NDEBUG
#include <mutex>
#include <set>
#include <utility>
#endif

namespace duet {

#ifdef NDEBUG

void report_held_mutexes(Log&, std::string_view, IoError::Subject (*)(const void*), const void*) {}
void disregard_held_mutexes() noexcept {}

#else

namespace {

constexpr std::size_t reports_max = 1000;

// A server would say the same for each of its connections. A static although the project has no
// globals: mutexes belong to the whole program, and only debug builds have it. Never destroyed,
// since threads may run loops until the end.
bool is_new(const void* mutex, std::string_view wait) {
  static std::mutex& guard = *new std::mutex;
  static auto& reported = *new std::set<std::pair<const void*, std::string> >;
  std::lock_guard lock(guard);
  return reported.size() < reports_max && reported.emplace(mutex, wait).second;
}

}  // namespace

void report_held_mutexes(Log& log, std::string_view wait, IoError::Subject (*capture)(const void*),
                         const void* about) {
  while (const void* mutex = sys::next_held_mutex()) {
    if (!is_new(mutex, wait)) continue;
    log.error(
        "a std::mutex is held across a wait ({}{}{}): whoever wants it on this loop will never get "
        "it; use duet::Mutex",
        wait, capture == nullptr ? "" : " ", capture == nullptr ? "" : capture(about)());
  }
}

void disregard_held_mutexes() noexcept {
  while (sys::next_held_mutex() != nullptr) {
  }
}

#endif

}  // namespace duet
