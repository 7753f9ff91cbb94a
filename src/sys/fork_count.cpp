#include "sys/fork_count.hpp"

#include <pthread.h>

#include <atomic>

namespace duet::sys {
namespace {

std::atomic<std::uint32_t>& count() noexcept {
  static std::atomic<std::uint32_t> forks = 0;
  return forks;
}

void note_fork() { count().fetch_add(1, std::memory_order_relaxed); }

}  // namespace

// pthread_atfork(3). Beyond memory nothing makes it fail; a child would then not know.
std::uint32_t fork_count() noexcept {
  static const int is_noted = ::pthread_atfork(nullptr, nullptr, note_fork);
  static_cast<void>(is_noted);
  return count().load(std::memory_order_relaxed);
}

}  // namespace duet::sys
