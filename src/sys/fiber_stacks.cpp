#include "duet/sys/fiber_stacks.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "duet/base/assert.hpp"
#include "sys/call.hpp"
#include "sys/fiber_sanitizer.hpp"

namespace duet::sys {
namespace {

std::size_t page_bytes() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// What is too large to be rounded up stays too large.
std::size_t whole_pages(std::size_t bytes) noexcept {
  std::size_t page = page_bytes();
  std::size_t most = std::numeric_limits<std::size_t>::max() - page + 1;
  return std::max(std::min(bytes, most) + page - 1, 2 * page) / page * page;
}

// Calls visit(distance of its lower end from the stack's upper end) for each page that is there:
// mincore(2).
template <class Visit>
void for_each_page(const FiberStack& stack, Visit visit) noexcept {
  std::array<unsigned char, 64> is_there;
  const std::size_t page = page_bytes();
  for (std::size_t at = 0; at < stack.size_bytes; at += is_there.size() * page) {
    std::size_t part = std::min(stack.size_bytes - at, is_there.size() * page);
    if (::mincore(stack.lowest + at, part, is_there.data()) != 0) return;
    for (std::size_t i = 0; i < part / page; ++i)
      if ((is_there[i] & 1U) != 0) visit(stack.size_bytes - at - i * page);
  }
}

}  // namespace

FiberStacks::FiberStacks(FiberLimits limits)
    : stack_bytes_(whole_pages(limits.stack_bytes)), stacks_max_(limits.fibers_max) {}

FiberStacks::~FiberStacks() {
  DUET_ASSERT(in_use_ == 0);
  for (auto& stack : stacks_) destroy_sanitizer_fiber(*stack);
  for (const Slab& slab : slabs_) ::munmap(slab.memory, slab.stacks * 2 * stack_bytes_);
}

FiberStack& FiberStacks::take() {
  if (in_use_ >= stacks_max_)
    throw IoError(Errc::queue_full, "start a fiber beyond FiberLimits::fibers_max,",
                  [max = stacks_max_] { return std::to_string(max); });
  FiberStack* stack = nullptr;
  if (!warm_.empty()) {
    stack = warm_.back();
    warm_.pop_back();
  } else if (!cold_.empty()) {
    stack = cold_.back();
    cold_.pop_back();
  } else {
    stack = &make();
  }
  ++in_use_;
  return *stack;
}

FiberStack& FiberStacks::make() {
  // Room first, so that giving back need not allocate.
  stacks_.reserve(stacks_.size() + 1);
  warm_.reserve(warm_max);
  cold_.reserve(stacks_.capacity());
  if (slabs_.empty() || made_in_slab_ == slabs_.back().stacks) reserve_slab();
  std::byte* lowest = slabs_.back().memory + (2 * made_in_slab_ + 1) * stack_bytes_;
  checked(retried([&] { return ::mprotect(lowest, stack_bytes_, PROT_READ | PROT_WRITE); }),
          "start a fiber");
  ++made_in_slab_;
  stacks_.push_back(std::make_unique<FiberStack>(lowest, stack_bytes_));
  make_sanitizer_fiber(*stacks_.back());
  return *stacks_.back();
}

// The first is small, for loops of a single connection.
void FiberStacks::reserve_slab() {
  std::size_t stacks = slabs_.empty() ? 1 : std::min(2 * slabs_.back().stacks, slab_stacks_max);
  slabs_.reserve(slabs_.size() + 1);
  if (stack_bytes_ > std::numeric_limits<std::size_t>::max() / 2 / stacks)
    throw IoError(error_code(-ENOMEM), "start a fiber");
  void* memory = ::mmap(nullptr, stacks * 2 * stack_bytes_, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw IoError(error_code(-errno), "start a fiber");
  slabs_.push_back({static_cast<std::byte*>(memory), stacks});
  made_in_slab_ = 0;
}

void FiberStacks::give_back(FiberStack& stack) noexcept {
  --in_use_;
  forget_frames(stack);
  if (warm_.size() < warm_max) {
    warm_.push_back(&stack);
    return;
  }
  trim(stack, stack.lowest + stack.size_bytes);
  cold_.push_back(&stack);
}

void FiberStacks::trim(FiberStack& stack, const void* used_down_to) noexcept {
  note_depth(stack);
  auto unused =
      static_cast<std::size_t>(static_cast<const std::byte*>(used_down_to) - stack.lowest);
  ::madvise(stack.lowest, unused / page_bytes() * page_bytes(), MADV_DONTNEED);
}

void FiberStacks::note_depth(const FiberStack& stack) noexcept {
  for_each_page(stack, [this](std::size_t depth_bytes) {
    high_water_bytes_ = std::max(high_water_bytes_, depth_bytes);
  });
}

std::size_t FiberStacks::high_water_bytes() noexcept {
  for (const auto& stack : stacks_) note_depth(*stack);
  return high_water_bytes_;
}

std::size_t FiberStacks::resident_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& stack : stacks_)
    for_each_page(*stack, [&](std::size_t) { bytes += page_bytes(); });
  return bytes;
}

}  // namespace duet::sys
