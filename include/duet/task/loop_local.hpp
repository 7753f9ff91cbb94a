#pragma once
// What a coroutine needs of the loop that runs it, and the one thread-local variable of duet: the
// loop that runs on this thread now. Loop derives from LoopLocal; the lower layers know no more.

#include <cstddef>

#include "duet/task/frame_recycler.hpp"

namespace duet {

struct LoopLocal {
  FrameRecycler frames;
};

inline constinit thread_local LoopLocal* current_loop_local = nullptr;

}  // namespace duet
