#pragma once
// The stacks of one loop's fibers: slabs of address space in which each stack lies above a guard as
// large as itself. What overflows a stack meets the guard and ends the program by SIGSEGV; only a
// single frame larger than the whole stack could jump over it. Memory is taken page by page as a
// stack is used. Stacks that are free keep their pages for the next fiber if they are few, and give
// them back if they are many. One thread.

#include <cstddef>
#include <memory>
#include <vector>

#include "duet/base/time.hpp"

namespace duet {

// What the fibers of a loop may take.
struct FiberLimits {
  std::size_t stack_bytes = 64 * 1024;         // of each; rounded up to whole pages
  std::size_t fibers_max = 10000;              // at a time; more are refused
  Delay idle_after = std::chrono::seconds(1);  // from then on a wait costs only the pages in use
};

namespace sys {

struct FiberStack {
  std::byte* lowest;  // it grows down to here
  std::size_t size_bytes;
  void* thread_sanitizer_fiber = nullptr;
};

class FiberStacks {
 public:
  explicit FiberStacks(FiberLimits limits);
  ~FiberStacks();  // none is in use
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;

  // Throws IoError: Errc::queue_full, which names the limit, when as many as may be are in use, or
  // what mmap(2) says: ENOMEM for stacks that are too large.
  FiberStack& take();
  void give_back(FiberStack& stack) noexcept;

  // Gives back the pages of an idle fiber's stack below `used_down_to`.
  void trim(FiberStack& stack, const void* used_down_to) noexcept;

  std::size_t in_use() const noexcept { return in_use_; }
  std::size_t stack_bytes() const noexcept { return stack_bytes_; }

  // How deep the deepest stack has ever been used, in whole pages. Asks mincore(2) which pages are
  // there, so it costs nothing while fibers run; pages are looked at before they are given back.
  std::size_t high_water_bytes() noexcept;

  // Pages that hold memory now, of all stacks.
  std::size_t resident_bytes() const noexcept;

 private:
  static constexpr std::size_t warm_max = 16;  // free stacks that keep their pages
  static constexpr std::size_t slab_stacks_max = 64;

  struct Slab {
    std::byte* memory;
    std::size_t stacks;
  };

  FiberStack& make();
  void reserve_slab();
  void note_depth(const FiberStack& stack) noexcept;

  const std::size_t stack_bytes_;
  const std::size_t stacks_max_;
  std::size_t in_use_ = 0;
  std::size_t high_water_bytes_ = 0;
  std::size_t made_in_slab_ = 0;  // of the last slab
  std::vector<Slab> slabs_;
  std::vector<std::unique_ptr<FiberStack>> stacks_;
  std::vector<FiberStack*> warm_, cold_;  // free ones, with and without pages
};

}  // namespace sys
}  // namespace duet
