#include "sys/fork_memory.hpp"

#include <sys/mman.h>

#include "sys/call.hpp"

namespace duet::sys {

ForkMemory::ForkMemory(std::size_t size_bytes, InChild in_child) : size_bytes_(size_bytes) {
  const int sharing = in_child == InChild::shared ? MAP_SHARED : MAP_PRIVATE;
  memory_ = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  if (memory_ == MAP_FAILED) throw IoError(error_code(-errno), "mmap");
  if (in_child == InChild::shared || ::madvise(memory_, size_bytes, MADV_WIPEONFORK) == 0) return;
  const std::int64_t refused = -errno;
  ::munmap(memory_, size_bytes);
  throw IoError(error_code(refused), "madvise MADV_WIPEONFORK");
}

ForkMemory::~ForkMemory() { ::munmap(memory_, size_bytes_); }

}  // namespace duet::sys
