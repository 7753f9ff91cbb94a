#pragma once
// Memory for coroutine frames: a free list per size class, so that a frame costs a few instructions
// instead of a malloc (g++ never elides a frame). Each loop has one; a frame may be freed on
// another loop than it was made on, or on none. Under AddressSanitizer nothing is kept, so that a
// use after free is seen.

#include <array>
#include <cstddef>

namespace duet {

class FrameRecycler {
 public:
  FrameRecycler() noexcept = default;
  FrameRecycler(const FrameRecycler&) = delete;
  FrameRecycler& operator=(const FrameRecycler&) = delete;
  ~FrameRecycler();

  // Of the loop that runs on this thread, or of none.
  static void* allocate(std::size_t size_bytes);
  static void free(void* frame, std::size_t size_bytes) noexcept;

  // Counts a frame that was made on no loop and will be freed on this one.
  void adopt() noexcept { ++alive_; }

  // Frames made less frames freed on this loop.
  std::ptrdiff_t alive() const noexcept { return alive_; }

 private:
  static constexpr std::size_t class_bytes = 16;
  static constexpr std::size_t classes = 128;  // larger frames are not kept
  static constexpr unsigned kept_max = 256;    // per class

  // As malloc divides its memory, whose own word a frame may end before.
  static constexpr std::size_t class_of(std::size_t size_bytes) noexcept {
    return (size_bytes + sizeof(void*) + class_bytes - 1) / class_bytes;
  }
  static constexpr std::size_t room_of(std::size_t at) noexcept {
    return at * class_bytes - sizeof(void*);
  }

  struct Free {
    Free* next;
  };
  struct Class {
    Free* first = nullptr;
    unsigned count = 0;
  };

  std::array<Class, classes> classes_;
  std::ptrdiff_t alive_ = 0;
};

}  // namespace duet
