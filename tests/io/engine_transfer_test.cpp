// What every engine owes: bytes arrive whole, in order and once.

#include <sys/mman.h>

#include <array>
#include <thread>

#include "io/engine_test.hpp"

namespace duet::io {
namespace {

using test::Counted;
using test::EngineTest;
using EngineTransfer = EngineTest;

INSTANTIATE_TEST_SUITE_P(engines, EngineTransfer, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineTransfer, receives_what_has_come_already) {
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

TEST_P(EngineTransfer, receives_what_comes_later) {
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

TEST_P(EngineTransfer, a_whole_receive_collects_the_pieces) {
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

TEST_P(EngineTransfer, a_whole_receive_ends_with_the_stream) {
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
TEST_P(EngineTransfer, a_buffer_may_be_larger_than_4_gib) {
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

TEST_P(EngineTransfer, a_whole_send_goes_on_while_the_peer_reads) {
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

TEST_P(EngineTransfer, sending_to_a_peer_that_is_gone_is_an_error) {
  Pair pair = make_pair();
  pair.peer.close();
  std::array<std::byte, 4> bytes{};
  Counted<Send> send(pair.handle, bytes, true);
  submit(send);
  complete(send);
  EXPECT_EQ(send.result, -EPIPE);
  release(pair.handle);
}

}  // namespace
}  // namespace duet::io
