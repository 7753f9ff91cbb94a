#include "duet/task/frame_recycler.hpp"

#include <cstring>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "duet/task/loop_local.hpp"

namespace duet {
namespace {

class FrameRecyclerTest : public ::testing::Test {
 protected:
  FrameRecyclerTest() { loops_of_thread.running = &local_; }
  ~FrameRecyclerTest() override { loops_of_thread.running = nullptr; }

  LoopLocal local_;
};

TEST_F(FrameRecyclerTest, counts_the_frames_that_are_alive) {
  void* first = FrameRecycler::allocate(100);
  void* second = FrameRecycler::allocate(5000);
  EXPECT_EQ(local_.frames.alive(), 2);
  FrameRecycler::free(first, 100);
  FrameRecycler::free(second, 5000);
  EXPECT_EQ(local_.frames.alive(), 0);
}

TEST_F(FrameRecyclerTest, gives_each_frame_memory_of_its_own) {
  std::vector<std::pair<unsigned char*, std::size_t>> frames;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t size = 1; size < 1500; size += 37) {
      auto* frame = static_cast<unsigned char*>(FrameRecycler::allocate(size));
      std::memset(frame, static_cast<int>(size % 251), size);
      frames.emplace_back(frame, size);
    }
    for (auto [frame, size] : frames) {
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(frame[i], size % 251);
      FrameRecycler::free(frame, size);
    }
    frames.clear();
  }
  EXPECT_EQ(local_.frames.alive(), 0);
}

TEST_F(FrameRecyclerTest, keeps_a_bounded_number_and_frees_the_rest) {
  std::vector<void*> frames;
  for (int i = 0; i < 5000; ++i) frames.push_back(FrameRecycler::allocate(64));
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
  for (void* frame : frames) FrameRecycler::free(frame, 64);
  EXPECT_EQ(local_.frames.alive(), 0);
}

TEST_F(FrameRecyclerTest, a_frame_may_be_freed_on_another_loop_or_on_none) {
  void* first = FrameRecycler::allocate(200);
  void* second = FrameRecycler::allocate(200);
  {
    LoopLocal other;
    loops_of_thread.running = &other;
    FrameRecycler::free(first, 200);
    EXPECT_EQ(other.frames.alive(), -1);
  }
  loops_of_thread.running = nullptr;
  FrameRecycler::free(second, 200);
  void* third = FrameRecycler::allocate(200);
  loops_of_thread.running = &local_;
  FrameRecycler::free(third, 200);
}

}  // namespace
}  // namespace duet
