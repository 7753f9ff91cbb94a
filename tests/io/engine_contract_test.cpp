// What every engine owes: each operation completes exactly once, with its own result or the ending
// it was asked to have.

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <thread>

#include "io/engine_test.hpp"

namespace duet::io {
namespace {

using test::Counted;
using test::EngineTest;
using EngineContract = EngineTest;

INSTANTIATE_TEST_SUITE_P(engines, EngineContract, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineContract, receives_what_has_come_already) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  write_to(pair.peer, "hello");
  submit(receive);
  complete(receive);
  EXPECT_EQ(receive.result, 5);
  EXPECT_EQ(std::memcmp(buffer.data(), "hello", 5), 0);
  EXPECT_EQ(receive.completions, 1);
  release(pair.handle);
}

TEST_P(EngineContract, receives_what_comes_later) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  EXPECT_EQ(receive.completions, 0);
  EXPECT_EQ(engine_->census().operations, 1U);
  write_to(pair.peer, "later");
  complete(receive);
  EXPECT_EQ(receive.result, 5);
  release(pair.handle);
}

TEST_P(EngineContract, a_whole_receive_collects_the_pieces) {
  Pair pair = make_pair();
  std::array<std::byte, 10> buffer;
  Counted<Receive> receive(pair.handle, buffer, true);
  std::thread writer([&] {
    for (int i = 0; i < 10; ++i) write_to(pair.peer, std::string(1, static_cast<char>('0' + i)));
  });
  submit(receive);
  complete(receive);
  writer.join();
  EXPECT_EQ(receive.result, 10);
  EXPECT_EQ(std::memcmp(buffer.data(), "0123456789", 10), 0);
  release(pair.handle);
}

TEST_P(EngineContract, a_whole_receive_ends_with_the_stream) {
  Pair pair = make_pair();
  std::array<std::byte, 10> buffer;
  Counted<Receive> receive(pair.handle, buffer, true);
  write_to(pair.peer, "abc");
  pair.peer.close();
  submit(receive);
  complete(receive);
  EXPECT_EQ(receive.result, 3);
  release(pair.handle);
}

// The kernel's ring counts in 32 bits: 4 GiB would be nothing, and look like the end of the stream.
TEST_P(EngineContract, a_buffer_may_be_larger_than_4_gib) {
  constexpr std::size_t size_bytes = std::size_t{1} << 32;
  void* memory = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "no address space: " << std::strerror(errno);
  Pair pair = make_pair();
  Counted<Receive> receive(pair.handle, std::span(static_cast<std::byte*>(memory), size_bytes),
                           false);
  write_to(pair.peer, "abc");
  submit(receive);
  complete(receive);
  EXPECT_EQ(receive.result, 3);
  release(pair.handle);
  ::munmap(memory, size_bytes);
}

TEST_P(EngineContract, a_whole_send_goes_on_while_the_peer_reads) {
  Pair pair = make_pair();
  std::vector<std::byte> bytes(4 << 20, std::byte{7});
  Counted<Send> send(pair.handle, bytes, true);
  std::size_t received = 0;
  std::thread reader([&] {
    std::vector<std::byte> block(1 << 16);
    while (received < bytes.size()) {
      ssize_t count = ::recv(pair.peer.get(), block.data(), block.size(), 0);
      if (count <= 0) return;
      received += static_cast<std::size_t>(count);
    }
  });
  submit(send);
  complete(send);
  reader.join();
  EXPECT_EQ(send.result, static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(received, bytes.size());
  release(pair.handle);
}

TEST_P(EngineContract, sending_to_a_peer_that_is_gone_is_an_error) {
  Pair pair = make_pair();
  pair.peer.close();
  std::array<std::byte, 4> bytes{};
  Counted<Send> send(pair.handle, bytes, true);
  submit(send);
  complete(send);
  EXPECT_EQ(send.result, -EPIPE);
  release(pair.handle);
}

TEST_P(EngineContract, release_ends_both_directions_exactly_once) {
  Pair pair = make_pair();
  fill(pair.descriptor);
  std::array<std::byte, 16> buffer;
  std::array<std::byte, 16> bytes{};
  Counted<Receive> receive(pair.handle, buffer, false);
  Counted<Send> send(pair.handle, bytes, true);
  ASSERT_TRUE(submit(receive));
  ASSERT_TRUE(submit(send));
  settle();
  engine_->release(pair.handle);
  complete(receive, send);
  settle();
  for (const Operation* operation : std::initializer_list<const Operation*>{&receive, &send}) {
    EXPECT_EQ(operation->ending, Ending::closed);
    EXPECT_EQ(operation->result, -ECANCELED);
  }
  EXPECT_EQ(receive.completions, 1);
  EXPECT_EQ(send.completions, 1);
  EXPECT_EQ(::fcntl(pair.descriptor, F_GETFD), -1) << "the descriptor is closed";
}

TEST_P(EngineContract, release_before_the_first_reap_ends_what_was_submitted) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  complete(receive);
  EXPECT_EQ(receive.ending, Ending::closed);
}

TEST_P(EngineContract, release_twice_is_release_once) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  engine_->release(pair.handle);
  complete(receive);
  engine_->release(pair.handle);
  EXPECT_EQ(receive.completions, 1);
}

// Two handles of one description, as after dup(2).
TEST_P(EngineContract, release_leaves_other_handles_of_the_same_description_alone) {
  Pair pair = make_pair();
  io::Handle other = engine_->adopt(::dup(pair.descriptor), HandleKind::local_stream);
  std::array<std::byte, 16> buffer, other_buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  Counted<Receive> other_receive(other, other_buffer, false);
  ASSERT_TRUE(submit(other_receive));
  settle();
  ASSERT_TRUE(submit(receive));
  engine_->release(pair.handle);
  complete(receive);
  settle();
  EXPECT_EQ(other_receive.completions, 0);
  write_to(pair.peer, "x");
  complete(other_receive);
  EXPECT_EQ(other_receive.result, 1);
  release(other);
}

TEST_P(EngineContract, a_stale_handle_is_closed_even_when_its_slot_and_number_are_used_again) {
  Pair old = make_pair();
  Handle stale = old.handle;
  release(stale);
  Pair fresh = make_pair();
  EXPECT_NE(fresh.handle, stale);
  write_to(fresh.peer, "not for you");
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(stale, buffer, false);
  EXPECT_FALSE(submit(receive));
  EXPECT_EQ(receive.ending, Ending::closed);
  Counted<LocalName> name(stale);
  EXPECT_FALSE(submit(name));
  EXPECT_EQ(name.ending, Ending::closed);
  engine_->release(stale);
  Counted<Receive> fresh_receive(fresh.handle, buffer, false);
  submit(fresh_receive);
  complete(fresh_receive);
  EXPECT_EQ(fresh_receive.result, 11);
  release(fresh.handle);
}

TEST_P(EngineContract, a_second_operation_of_the_same_direction_is_busy) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> first(pair.handle, buffer, false), second(pair.handle, buffer, false);
  ASSERT_TRUE(submit(first));
  EXPECT_FALSE(submit(second));
  EXPECT_EQ(second.result, -EBUSY);
  write_to(pair.peer, "x");
  complete(first);
  EXPECT_EQ(first.result, 1);
  Counted<Receive> third(pair.handle, buffer, false);
  write_to(pair.peer, "y");
  submit(third);
  complete(third);
  EXPECT_EQ(third.result, 1) << "the direction is free again";
  release(pair.handle);
}

TEST_P(EngineContract, cancel_ends_a_pending_operation_for_the_reason_given) {
  for (Ending why : {Ending::cancelled, Ending::timed_out, Ending::drained}) {
    Pair pair = make_pair();
    std::array<std::byte, 16> buffer;
    Counted<Receive> receive(pair.handle, buffer, false);
    ASSERT_TRUE(submit(receive));
    engine_->cancel(receive, why);
    EXPECT_EQ(receive.completions, 0) << "completions are queued";
    complete(receive);
    EXPECT_EQ(receive.ending, why);
    EXPECT_EQ(receive.completions, 1);
    release(pair.handle);
  }
}

TEST_P(EngineContract, of_two_cancels_the_first_counts) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->cancel(receive, Ending::timed_out);
  engine_->cancel(receive, Ending::cancelled);
  complete(receive);
  settle();
  EXPECT_EQ(receive.ending, Ending::timed_out);
  EXPECT_EQ(receive.completions, 1);
  release(pair.handle);
}

TEST_P(EngineContract, cancel_after_completion_takes_nothing_back) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  write_to(pair.peer, "abc");
  reap_until([&] {
    if (receive.completions == 0) engine_->reap(past);
    return !completed_.empty() || receive.completions > 0;
  });
  engine_->cancel(receive, Ending::cancelled);
  complete(receive);
  settle();
  EXPECT_EQ(receive.ending, Ending::none);
  EXPECT_EQ(receive.result, 3);
  EXPECT_EQ(receive.completions, 1);
  release(pair.handle);
}

TEST_P(EngineContract, a_handle_works_after_a_cancel) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> first(pair.handle, buffer, false);
  ASSERT_TRUE(submit(first));
  engine_->cancel(first, Ending::cancelled);
  complete(first);
  Counted<Receive> second(pair.handle, buffer, false);
  ASSERT_TRUE(submit(second));
  write_to(pair.peer, "again");
  complete(second);
  EXPECT_EQ(second.result, 5);
  release(pair.handle);
}

TEST_P(EngineContract, cancel_and_release_together_end_an_operation_once) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->cancel(receive, Ending::cancelled);
  engine_->release(pair.handle);
  complete(receive);
  settle();
  EXPECT_EQ(receive.completions, 1);
  EXPECT_EQ(receive.ending, Ending::cancelled);
}

TEST_P(EngineContract, an_operation_on_a_handle_under_release_is_closed) {
  Pair pair = make_pair();
  std::array<std::byte, 16> buffer;
  Counted<Receive> receive(pair.handle, buffer, false), late(pair.handle, buffer, false);
  ASSERT_TRUE(submit(receive));
  settle();
  engine_->release(pair.handle);
  EXPECT_FALSE(submit(late));
  EXPECT_EQ(late.ending, Ending::closed);
  complete(receive);
}

// More operations and more cancels in one turn than a small ring has entries.
TEST_P(EngineContract, many_operations_are_submitted_and_cancelled_in_one_turn) {
  const int count = 500;
  std::vector<Pair> pairs;
  std::vector<std::array<std::byte, 8>> buffers(count);
  std::vector<std::unique_ptr<Counted<Receive>>> receives;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(make_pair());
    receives.push_back(std::make_unique<Counted<Receive>>(pairs[i].handle, buffers[i], false));
    ASSERT_TRUE(submit(*receives.back()));
  }
  for (auto& receive : receives) engine_->cancel(*receive, Ending::cancelled);
  reap_until([&] { return engine_->census().operations == 0; });
  for (auto& receive : receives) {
    EXPECT_EQ(receive->completions, 1);
    EXPECT_EQ(receive->ending, Ending::cancelled);
  }
  for (Pair& pair : pairs) engine_->release(pair.handle);
}

// More completions between two reaps than a small ring has room for.
TEST_P(EngineContract, many_operations_complete_in_one_turn) {
  const int count = 500;
  std::vector<Pair> pairs;
  std::vector<std::array<std::byte, 8>> buffers(count);
  std::vector<std::unique_ptr<Counted<Receive>>> receives;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(make_pair());
    receives.push_back(std::make_unique<Counted<Receive>>(pairs[i].handle, buffers[i], false));
    ASSERT_TRUE(submit(*receives.back()));
  }
  settle();
  for (Pair& pair : pairs) write_to(pair.peer, "x");
  reap_until([&] { return engine_->census().operations == 0; });
  for (auto& receive : receives) {
    EXPECT_EQ(receive->completions, 1);
    EXPECT_EQ(receive->result, 1);
  }
  for (Pair& pair : pairs) engine_->release(pair.handle);
}

TEST_P(EngineContract, gives_back_the_mode_of_what_it_adopted) {
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

TEST_P(EngineContract, gives_back_the_mode_of_a_stream) {
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

TEST_P(EngineContract, a_stream_that_is_nonblocking_already_is_waited_for) {
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

TEST_P(EngineContract, reads_a_pipe_to_its_end) {
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
TEST_P(EngineContract, survives_a_report_whose_bytes_somebody_else_took) {
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

TEST_P(EngineContract, a_reap_with_a_deadline_ends_then_and_not_before) {
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

TEST_P(EngineContract, a_reap_with_nothing_to_wait_for_ends_at_its_deadline) {
  TimePoint deadline = Clock::now() + std::chrono::microseconds(300);
  int reaps = 0;
  for (; Clock::now() < deadline; ++reaps) engine_->reap(deadline);
  EXPECT_LT(reaps, 100) << "it spins";
}

TEST_P(EngineContract, a_wake_before_the_reap_ends_it) {
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
TEST_P(EngineContract, no_wake_from_another_thread_is_lost) {
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

// A cancel that comes at the same time as bytes: the operation has either taken them or left them.
TEST_P(EngineContract, no_byte_is_lost_when_cancel_and_completion_race) {
  Pair pair = make_pair();
  const int rounds = test::rounds(100'000);
  std::atomic<int> written = 0, begun = 0;
  std::thread writer([&] {
    for (int i = 0; i < rounds; ++i) {
      while (begun.load(std::memory_order_acquire) <= i - 8) std::this_thread::yield();
      if (::send(pair.peer.get(), "x", 1, MSG_NOSIGNAL) != 1) return;
      ++written;
    }
    ::shutdown(pair.peer.get(), SHUT_WR);
  });
  std::array<std::byte, 4> buffer;
  std::int64_t received = 0;
  int cancelled = 0;
  for (bool is_ended = false; !is_ended;) {
    begun.fetch_add(1, std::memory_order_release);
    Counted<Receive> receive(pair.handle, buffer, false);
    if (submit(receive)) {
      engine_->reap(past);
      if (receive.completions == 0) engine_->cancel(receive, Ending::cancelled);
      complete(receive);
    }
    ASSERT_EQ(receive.completions, 1);
    if (receive.ending == Ending::cancelled) ++cancelled;
    if (receive.ending == Ending::none) received += receive.result;
    is_ended = receive.ending == Ending::none && receive.result == 0;
  }
  writer.join();
  EXPECT_EQ(received, rounds);
  RecordProperty("cancelled", cancelled);
  release(pair.handle);
}

}  // namespace
}  // namespace duet::io
