#include "http/counted_new.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#include "support/sanitizer.hpp"

namespace duet::test {
namespace {

std::atomic<long> allocations = 0;

[[maybe_unused]] void* counted(void* memory) {
  ++allocations;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

long allocations_so_far() noexcept { return allocations; }

}  // namespace duet::test

// In a file of their own: where g++ inlines one of a pair and not the other, it warns of free(3).
#if !defined(DUET_TEST_HAS_SANITIZER)
void* operator new(std::size_t size) { return duet::test::counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  auto step = static_cast<std::size_t>(alignment);
  return duet::test::counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
