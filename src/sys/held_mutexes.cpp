#include "duet/sys/held_mutexes.hpp"

#include "sys/sanitizers.hpp"

#if defined(NDEBUG) || defined(DUET_ADDRESS_SANITIZER) || defined(DUET_THREAD_SANITIZER)

namespace duet::sys {

bool watches_mutexes() noexcept { return false; }
const void* next_held_mutex() noexcept { return nullptr; }

}  // namespace duet::sys

#else

#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace duet::sys {
namespace {

// What a thread holds; more than there is room for is not watched. Nothing in here allocates or
// throws: it runs inside of other people's locks, an allocator's among them.
class Held {
 public:
  void add(const void* mutex) noexcept {
    if (count_ < mutexes_.size()) mutexes_[count_++] = {mutex, false};
  }

  // The last locking of it, if it was seen.
  void remove(const void* mutex) noexcept {
    for (std::size_t i = count_; i > 0; --i) {
      if (mutexes_[i - 1].mutex != mutex) continue;
      std::copy(&mutexes_[i], &mutexes_[count_], &mutexes_[i - 1]);
      --count_;
      return;
    }
  }

  const void* next() noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (!std::exchange(mutexes_[i].is_told, true)) return mutexes_[i].mutex;
    return nullptr;
  }

 private:
  struct Locked {
    const void* mutex;
    bool is_told;
  };

  std::array<Locked, 17> mutexes_{};
  std::size_t count_ = 0;
};

constinit thread_local Held held;

// The C library's own function. Found with the first call, which may come before main and before
// any constructor of ours: hence neither a guarded static nor anything that locks. dlsym(3) uses
// the loader's lock, which is not taken through these functions.
template <class Function>
Function* next_function(std::atomic<Function*>& found, const char* name) noexcept {
  Function* function = found.load(std::memory_order_relaxed);
  if (function != nullptr) return function;
  function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  if (function == nullptr) std::abort();
  found.store(function, std::memory_order_relaxed);
  return function;
}

// A robust mutex whose owner died is locked, too: pthread_mutex_lock(3).
int note(int result, const pthread_mutex_t* mutex) noexcept {
  if (result == 0 || result == EOWNERDEAD) held.add(mutex);
  return result;
}

using Plain = int(pthread_mutex_t*);
using Timed = int(pthread_mutex_t*, const timespec*);
using Clocked = int(pthread_mutex_t*, clockid_t, const timespec*);

constinit std::atomic<Plain*> next_lock, next_trylock, next_unlock;
constinit std::atomic<Timed*> next_timedlock;
constinit std::atomic<Clocked*> next_clocklock;

}  // namespace

bool watches_mutexes() noexcept { return true; }
const void* next_held_mutex() noexcept { return held.next(); }

}  // namespace duet::sys

// These take the place of the C library's functions in programs that use duet, the C++ library
// included. Waits on condition variables unlock and lock within the C library and are not seen:
// meanwhile the thread is blocked, and afterwards it holds the mutex as before. Weak, so that a
// program that has such functions of its own keeps them.

using namespace duet::sys;

extern "C" {

[[gnu::weak]] int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  return note(next_function(next_lock, "pthread_mutex_lock")(mutex), mutex);
}

[[gnu::weak]] int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  return note(next_function(next_trylock, "pthread_mutex_trylock")(mutex), mutex);
}

[[gnu::weak]] int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
  return note(next_function(next_timedlock, "pthread_mutex_timedlock")(mutex, until), mutex);
}

[[gnu::weak]] int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                          const timespec* until) noexcept {
  return note(next_function(next_clocklock, "pthread_mutex_clocklock")(mutex, clock, until), mutex);
}

[[gnu::weak]] int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  held.remove(mutex);  // before: afterwards another thread may destroy it
  return next_function(next_unlock, "pthread_mutex_unlock")(mutex);
}
}

#endif
