#pragma once
// Memory for direct access to a file, which wants addresses and lengths that are multiples of what
// the disk can do: File::alignment() says of how much. Moves; freed at the end of its life, which
// has to come after the end of every operation that uses it. Any thread.

#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "duet/sys/file_facts.hpp"

namespace duet {

class AlignedBuffer {
 public:
  // At least `size_bytes`, rounded up to a length that may be read or written. Throws bad_alloc.
  AlignedBuffer(std::size_t size_bytes, const Alignment& alignment)
      : size_bytes_(rounded_up(size_bytes, alignment.offset_bytes)),
        memory_(allocate(size_bytes_, alignment.memory_bytes)) {}

  std::span<std::byte> bytes() noexcept { return {memory_.get(), size_bytes_}; }
  std::size_t size() const noexcept { return size_bytes_; }

 private:
  struct Free {
    std::align_val_t alignment{};
    void operator()(std::byte* memory) const noexcept { ::operator delete(memory, alignment); }
  };
  using Memory = std::unique_ptr<std::byte[], Free>;

  static std::size_t rounded_up(std::size_t size_bytes, std::size_t unit) noexcept {
    return (size_bytes + unit - 1) / unit * unit;
  }
  static Memory allocate(std::size_t size_bytes, std::size_t unit) {
    auto alignment = static_cast<std::align_val_t>(std::bit_ceil(unit));
    return Memory(static_cast<std::byte*>(::operator new(size_bytes, alignment)), Free{alignment});
  }

  std::size_t size_bytes_;
  Memory memory_;
};

}  // namespace duet
