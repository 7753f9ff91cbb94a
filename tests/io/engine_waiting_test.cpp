// What every engine owes: it waits for what it was given, in whatever mode that came, for no longer
// than it was told, and loses no wake-up.

#include <fcntl.h>

#include <array>
#include <thread>

#include "io/engine_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::io {
namespace {

using test::Counted;
using test::EngineTest;
using EngineWaiting = EngineTest;

INSTANTIATE_TEST_SUITE_P(engines, EngineWaiting, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineWaiting, gives_back_the_mode_of_what_it_adopted) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  sys::Fd writer(ends[1]);
  sys::Fd inherited(::dup(ends[0]));  // as another process has it
  Handle handle = engine_->adopt(ends[0], HandleKind::byte_pipe);
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  release(handle);
  EXPECT_EQ(::fcntl(inherited.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(receive.completions, 1);
}

TEST_P(EngineWaiting, gives_back_the_mode_of_a_stream) {
  for (int type : {int{SOCK_STREAM}, SOCK_STREAM | SOCK_NONBLOCK}) {
    Pair pair = make_pair(HandleKind::local_stream, type);
    sys::Fd inherited(::dup(pair.descriptor));
    std::array<std::byte, 8> buffer;
    Counted<Receive> receive(pair.handle, buffer, false);
    ASSERT_TRUE(submit(receive));
    settle();
    release(pair.handle);
    EXPECT_EQ(::fcntl(inherited.get(), F_GETFL) & O_NONBLOCK, type & SOCK_NONBLOCK);
  }
}

TEST_P(EngineWaiting, a_stream_that_is_nonblocking_already_is_waited_for) {
  Pair pair = make_pair(HandleKind::local_stream, SOCK_STREAM | SOCK_NONBLOCK);
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  std::thread writer([&] { write_to(pair.peer, "late"); });
  complete(receive);
  writer.join();
  EXPECT_EQ(receive.result, 4);
  release(pair.handle);
}

TEST_P(EngineWaiting, reads_a_pipe_to_its_end) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Handle handle = engine_->adopt(ends[0], HandleKind::byte_pipe);
  sys::Fd writer(ends[1]);
  std::array<std::byte, 8> buffer;
  Counted<Receive> first(handle, buffer, false);
  ASSERT_TRUE(submit(first));
  settle();
  ASSERT_EQ(::write(writer.get(), "ab", 2), 2);
  complete(first);
  EXPECT_EQ(first.result, 2);
  Counted<Receive> second(handle, buffer, false);
  ASSERT_TRUE(submit(second));
  settle();
  writer.close();
  complete(second);
  EXPECT_EQ(second.result, 0);
  release(handle);
}

// Another reader of the same pipe takes what was reported: the wait goes on, and can still end.
TEST_P(EngineWaiting, survives_a_report_whose_bytes_somebody_else_took) {
  for (int round = 0; round < test::rounds(200); ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    sys::Fd writer(ends[1]), thief(::dup(ends[0]));
    Handle handle = engine_->adopt(ends[0], HandleKind::byte_pipe);
    std::array<std::byte, 8> buffer;
    Counted<Receive> receive(handle, buffer, false);
    ASSERT_TRUE(submit(receive));
    engine_->reap(past);
    ASSERT_EQ(::write(writer.get(), "x", 1), 1);
    engine_->cancel(receive, Ending::cancelled);
    char stolen = 0;
    ASSERT_EQ(::read(thief.get(), &stolen, 1), 1);
    complete(receive);
    EXPECT_EQ(receive.ending, Ending::cancelled);
    release(handle);
  }
}

TEST_P(EngineWaiting, a_reap_with_a_deadline_ends_then_and_not_before) {
  Pair pair = make_pair();
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  TimePoint deadline = Clock::now() + std::chrono::milliseconds(3);
  while (Clock::now() < deadline) engine_->reap(deadline);
  EXPECT_LT(Clock::now(), deadline + std::chrono::seconds(5));
  EXPECT_EQ(receive.completions, 0);
  release(pair.handle);
}

TEST_P(EngineWaiting, a_reap_with_nothing_to_wait_for_ends_at_its_deadline) {
  if (GetParam() == "spin")
    GTEST_SKIP() << test::refused("spin asks again and again instead of sleeping",
                                  "EngineSpinning.uses_a_processor_while_nothing_is_ready");
  TimePoint deadline = Clock::now() + std::chrono::microseconds(300);
  int reaps = 0;
  for (; Clock::now() < deadline; ++reaps) engine_->reap(deadline);
  EXPECT_LT(reaps, 100) << "it spins";
}

TEST_P(EngineWaiting, a_wake_before_the_reap_ends_it) {
  Pair pair = make_pair();
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  engine_->wake();
  engine_->reap(never);
  EXPECT_EQ(receive.completions, 0);
  release(pair.handle);
}

// Each wake ends a wait that began before or begins after it: none is lost between the last look
// and the system call.
TEST_P(EngineWaiting, no_wake_from_another_thread_is_lost) {
  Pair pair = make_pair();
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  const int rounds = test::rounds(20'000);
  std::atomic<int> asked = 0, answered = 0;
  std::thread waker([&] {
    for (int i = 1; i <= rounds; ++i) {
      asked.store(i);
      engine_->wake();
      while (answered.load() < i) std::this_thread::yield();
    }
  });
  TimePoint limit = Clock::now() + patience * 3;
  while (answered.load() < rounds && Clock::now() < limit) {
    engine_->reap(limit);
    answered.store(asked.load());
  }
  EXPECT_EQ(answered.load(), rounds);
  answered.store(rounds);
  waker.join();
  release(pair.handle);
}

}  // namespace
}  // namespace duet::io
