#include "duet/task/frame_recycler.hpp"

#include <new>

#include "duet/task/loop_local.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define DUET_KEEPS_FRAMES false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DUET_KEEPS_FRAMES false
#endif
#endif
#ifndef DUET_KEEPS_FRAMES
#define DUET_KEEPS_FRAMES true
#endif

namespace duet {

void* FrameRecycler::allocate(std::size_t size_bytes) {
  std::size_t at = class_of(size_bytes);
  LoopLocal* local = loops_of_thread.running;
  if (local == nullptr || at >= classes || !DUET_KEEPS_FRAMES) {
    if (local != nullptr) ++local->frames.alive_;
    return ::operator new(room_of(at));
  }
  FrameRecycler& frames = local->frames;
  ++frames.alive_;
  Class& list = frames.classes_[at];
  if (list.first == nullptr) return ::operator new(room_of(at));
  Free* frame = list.first;
  list.first = frame->next;
  --list.count;
  return frame;
}

void FrameRecycler::free(void* frame, std::size_t size_bytes) noexcept {
  std::size_t at = class_of(size_bytes);
  LoopLocal* local = loops_of_thread.running;
  if (local != nullptr) --local->frames.alive_;
  if (local == nullptr || at >= classes || !DUET_KEEPS_FRAMES ||
      local->frames.classes_[at].count == kept_max) {
    ::operator delete(frame);
    return;
  }
  Class& list = local->frames.classes_[at];
  list.first = new (frame) Free{list.first};
  ++list.count;
}

FrameRecycler::~FrameRecycler() {
  for (Class& list : classes_) {
    while (list.first != nullptr) {
      Free* frame = list.first;
      list.first = frame->next;
      ::operator delete(frame);
    }
  }
}

}  // namespace duet
