#pragma once
// The handles of an engine: slots that are used again under a new generation. Generations begin at
// another number in each table, so that a handle of another engine is as stale as one that was
// removed, and does not name somebody else's descriptor.

#include <cstddef>
#include <vector>

#include "duet/io/handle.hpp"

namespace duet::io {

// What every engine knows of a descriptor; engines derive their own slots from it.
struct BasicSlot {
  int descriptor = -1;
  std::uint32_t generation = 0;
  HandleKind kind = HandleKind::other;
  bool is_used = false;
};

template <class Slot>
class SlotTable {
 public:
  SlotTable() noexcept = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  Handle add(int descriptor, HandleKind kind) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back().generation = first_generation();
    }
    std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.descriptor = descriptor;
    slot.kind = kind;
    slot.is_used = true;
    return {index, slot.generation};
  }

  // The slot, or nothing when the handle is stale or another table's. Good until the next add.
  Slot* find(Handle handle) noexcept {
    if (handle.slot >= slots_.size()) return nullptr;
    Slot& slot = slots_[handle.slot];
    return slot.is_used && slot.generation == handle.generation ? &slot : nullptr;
  }

  // One that is used.
  Slot& at(std::uint32_t index) noexcept { return slots_[index]; }

  void remove(Handle handle) {
    Slot& slot = slots_[handle.slot];
    std::uint32_t generation = slot.generation + 1;
    slot = Slot{};
    slot.generation = generation;
    free_.push_back(handle.slot);
  }

 private:
  // Tables lie at different addresses while they live; the product scatters their differences.
  std::uint32_t first_generation() const noexcept {
    constexpr std::uint64_t odd = 0x9e37'79b9'7f4a'7c15;
    return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) * odd >> 32);
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace duet::io
