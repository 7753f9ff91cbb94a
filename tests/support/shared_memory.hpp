#pragma once
// A value that the test and the processes it forks see together. Its members are atomics or plain
// data that one side writes before the other is told. No destructor runs.

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>
#include <type_traits>

namespace duet::test {

template <class T>
class SharedMemory {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  SharedMemory() {
    void* memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::system_category(), "mmap");
    value_ = new (memory) T();
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() { ::munmap(value_, sizeof(T)); }

  // Good in every process forked meanwhile.
  T* get() const noexcept { return value_; }
  T* operator->() const noexcept { return value_; }

 private:
  T* value_;
};

}  // namespace duet::test
