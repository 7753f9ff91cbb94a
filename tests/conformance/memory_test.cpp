// What grows and what does not: memory with a slow peer, the stack with operations that are ready.

#include <algorithm>
#include <array>
#include <cstdint>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

class Memory : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Memory, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(Memory, stays_bounded_while_the_peer_sends_and_does_not_read) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  std::size_t before = resident_bytes_of(server.process());
  std::string bytes = pattern(128U << 20);
  std::size_t sent = client.send_until_stuck(bytes);
  EXPECT_LT(sent, bytes.size()) << "nothing held the client back";
  EXPECT_LT(resident_bytes_of(server.process()), before + (4U << 20));
  EXPECT_TRUE(client.receive(sent) == std::string_view(bytes).substr(0, sent));
}

// Where the stack is, as seen from within a coroutine: a recursion of resumptions shows here.
[[gnu::noinline]] std::uintptr_t stack_position() {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

struct Depth {
  std::uintptr_t lowest = UINTPTR_MAX;
  std::uintptr_t highest = 0;

  void note() {
    std::uintptr_t at = stack_position();
    lowest = std::min(lowest, at);
    highest = std::max(highest, at);
  }
};

Task<bool> take_byte(Stream& peer, Depth& depth) {
  std::array<std::byte, 1> byte;
  std::size_t count = co_await peer.read_some(byte);
  depth.note();
  co_return count > 0;
}

Task<> take_all_and_tell_depth(Stream peer) {
  Depth depth;
  for (;;) {
    bool has_more = co_await take_byte(peer, depth);
    if (!has_more) break;
    depth.note();
  }
  std::string text = std::to_string(depth.highest - depth.lowest);
  co_await peer.write_all(bytes_of(text));
}

TEST_P(Memory, takes_no_stack_for_1e5_operations_that_are_ready) {
  Options runs = options();
  if (model().has_pool()) runs.workers = 1;  // one stack
  ServerProcess server(runs, serving(take_all_and_tell_depth));
  ClientSocket client(server.address());
  client.send_and_finish(pattern(static_cast<std::size_t>(scaled(100'000))));
  EXPECT_LT(std::stoul(client.receive_rest()), 16'384U);
}

}  // namespace
}  // namespace duet::test
