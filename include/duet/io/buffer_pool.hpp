#pragma once
// The buffers of a loop: memory of one size that is used again, the last one given back first,
// since the processor's caches still have it. Who waits for a peer holds none; a connection has one
// only while there is something in it. A Lease is one such buffer and gives it back at the end of
// its life. One thread: the loop's, which outlives all leases.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace duet {

// Where the buffer of a lease goes when it ends: a loop's pool, or the kernel's.
class BufferOwner {
 public:
  virtual void give_back(std::byte* buffer) noexcept = 0;

 protected:
  ~BufferOwner() = default;
};

class Lease {
 public:
  Lease() noexcept = default;
  Lease(BufferOwner& owner, std::byte* buffer, std::size_t used_bytes) noexcept
      : owner_(&owner), buffer_(buffer), used_bytes_(used_bytes) {}
  Lease(Lease&& other) noexcept { swap(other); }
  Lease& operator=(Lease&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Lease() {
    if (owner_ != nullptr) owner_->give_back(buffer_);
  }

  // What was received; nothing at the end of the stream.
  std::span<std::byte> bytes() const noexcept { return {buffer_, used_bytes_}; }

  // All of the buffer: BufferPool::buffer_bytes, or nothing if there is none.
  std::span<std::byte> memory() const noexcept;

  explicit operator bool() const noexcept { return owner_ != nullptr; }

 private:
  void swap(Lease& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(buffer_, other.buffer_);
    std::swap(used_bytes_, other.used_bytes_);
  }

  BufferOwner* owner_ = nullptr;
  std::byte* buffer_ = nullptr;
  std::size_t used_bytes_ = 0;
};

class BufferPool : public BufferOwner {
 public:
  static constexpr std::size_t buffer_bytes = std::size_t{32} * 1024;
  static constexpr std::size_t kept_max = 64;           // unused ones; the rest is freed
  static constexpr std::size_t leased_max = 64 * 1024;  // 2 GiB: beyond, the machine is out of it

  BufferPool() noexcept = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // An empty buffer. Throws std::bad_alloc, also beyond leased_max.
  Lease lease() { return {*this, take(), 0}; }

  // The same for who makes the lease later; nullptr instead of an exception.
  std::byte* try_take() noexcept;
  void give_back(std::byte* buffer) noexcept override;

  std::size_t leased() const noexcept { return leased_; }

  void free_unused() noexcept;

 private:
  std::byte* take();

  std::vector<std::byte*> kept_;
  std::size_t leased_ = 0;
};

inline std::span<std::byte> Lease::memory() const noexcept {
  return {buffer_, owner_ == nullptr ? 0 : BufferPool::buffer_bytes};
}

}  // namespace duet
