#pragma once
// The fibers of a loop: their stacks, and the pages that those which wait for long give back. Owned
// by the loop; its thread.

#include "duet/base/list.hpp"
#include "duet/base/time.hpp"
#include "duet/loop/fiber.hpp"
#include "duet/sys/fiber_stacks.hpp"

namespace duet {

class FiberHost {
 public:
  explicit FiberHost(FiberLimits limits) : stacks(limits), idle_after_(limits.idle_after) {}

  void add(Fiber& fiber) noexcept { fibers_.push_back(fiber); }
  void note_run() noexcept { has_run_ = true; }

  // Called when the loop is about to wait. Gives back the unused pages of fibers that have not run
  // for a while; returns when to look again, or `never` if nobody has run since.
  TimePoint trim_idle(TimePoint now) noexcept;

  sys::FiberStacks stacks;

 private:
  const Duration idle_after_;
  bool has_run_ = false;  // any, since the last look
  TimePoint next_look_ = never;
  List<Fiber> fibers_;
};

}  // namespace duet
