#pragma once
// Zeroed memory with a meaning for fork(2). A child has the very same `shared` memory as its
// parent; `emptied` memory (MADV_WIPEONFORK, madvise(2)) is zero again in a child, which thus
// inherits neither a lock that another thread happens to hold nor work that is the parent's.
// No constructor or destructor of what lies in it is run here. Any thread.

#include <cstddef>

namespace duet::sys {

class ForkMemory {
 public:
  enum class InChild : unsigned char { shared, emptied };

  ForkMemory(std::size_t size_bytes, InChild in_child);  // throws IoError
  ~ForkMemory();
  ForkMemory(const ForkMemory&) = delete;
  ForkMemory& operator=(const ForkMemory&) = delete;

  void* get() const noexcept { return memory_; }

 private:
  const std::size_t size_bytes_;
  void* memory_;
};

}  // namespace duet::sys
