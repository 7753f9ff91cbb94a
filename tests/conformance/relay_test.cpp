// A relay, the smallest handler with two waits at once: two directions, two ends, two full pipes.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

Task<> pump(Stream& from, Stream& to) {
  std::array<std::byte, 16384> buffer;
  for (;;) {
    std::size_t n = co_await from.read_some(buffer);
    if (n == 0) break;
    co_await to.write_all(std::span(buffer).first(n));
  }
  to.finish();
}

// The one of examples/relay.cpp.
Task<> relay(Stream client, Address target) {
  Stream server = co_await connect(target);
  co_await all(pump(client, server), pump(server, client));
}

// Both the relay and its target run under the model.
class Relay : public ModelTest {
 protected:
  void TearDown() override {
    relay_.reset();
    target_.reset();
    ModelTest::TearDown();
  }

  template <class... Handler>
  ClientSocket connect_through_relay_to(Handler... handler) {
    target_ = std::make_unique<ServerProcess>(options(), serving(handler...));
    relay_ = std::make_unique<ServerProcess>(options(), serving(relay, target_->address()));
    return ClientSocket(relay_->address());
  }

 private:
  std::unique_ptr<ServerProcess> target_;
  std::unique_ptr<ServerProcess> relay_;
};
INSTANTIATE_TEST_SUITE_P(, Relay, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(Relay, passes_on_both_directions_at_once) {
  ClientSocket client = connect_through_relay_to(echo);
  std::string bytes = pattern(16U << 20);
  EXPECT_TRUE(client.exchange(bytes) == bytes);
}

TEST_P(Relay, passes_on_the_end_of_one_direction_while_the_other_goes_on) {
  ClientSocket client = connect_through_relay_to(count_bytes);
  client.send(pattern(100'000));
  client.finish();
  EXPECT_EQ(client.receive_rest(), "100000");
}

TEST_P(Relay, passes_on_the_end_that_the_server_begins) {
  ClientSocket client = connect_through_relay_to(send_pattern, std::size_t{100'000});
  EXPECT_TRUE(client.receive_rest() == pattern(100'000));
}

TEST_P(Relay, does_not_deadlock_when_both_directions_are_full) {
  ClientSocket client = connect_through_relay_to(echo);
  std::string bytes = pattern(128U << 20);
  std::size_t sent = client.send_until_stuck(bytes);
  EXPECT_LT(sent, bytes.size()) << "the pipes are not full";
  EXPECT_TRUE(client.receive(sent) == std::string_view(bytes).substr(0, sent));
  EXPECT_EQ(client.exchange("and on"), "and on");
}

}  // namespace
}  // namespace duet::test
