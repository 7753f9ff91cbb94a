// receive(): bytes in a buffer of the loop's, taken only when there are some.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Leases : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Leases, testing::ValuesIn(model_cases()), name_of<ModelCase>);

std::string_view text_of(const Lease& lease) {
  return {reinterpret_cast<const char*>(lease.bytes().data()), lease.bytes().size()};
}

std::size_t leases() { return Loop::current().census().leases; }

Task<> echo_leases(Stream peer) {
  for (;;) {
    Lease received = co_await peer.receive();
    if (!received) co_return;
    co_await peer.write_all(received.bytes());
  }
}

TEST_P(Leases, an_echo_needs_no_buffer_of_its_own) {
  ServerProcess server(options(), serving(echo_leases));
  ClientSocket client(server.address());
  std::string bytes = pattern(static_cast<std::size_t>(scaled(300'000, 100'000)));
  EXPECT_TRUE(client.exchange(bytes) == bytes);
}

Task<> receive_later(Stream& stream, std::string& text) {
  Lease received = co_await stream.receive();
  text += text_of(received);
}

Task<> look_and_send(Stream& stream, std::string& text) {
  co_await sleep_for(5ms);
  text += std::to_string(leases()) + " ";
  co_await stream.write_all(bytes_of("hello"));
}

Task<std::string> hold_none_while_waiting(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await all(receive_later(pair.near, text), look_and_send(pair.far, text));
  text += " " + std::to_string(leases());
  co_return text;
}

TEST_P(Leases, who_waits_holds_none) { EXPECT_EQ(result_of(hold_none_while_waiting), "0 hello 0"); }

Task<std::string> reach_the_end(Stream&) {
  Pair pair = co_await connected_pair();
  co_await pair.far.write_all(bytes_of("last"));
  pair.far.finish();
  std::string text;
  Lease received = co_await pair.near.receive();
  text += text_of(received);
  received = co_await pair.near.receive();
  text += received ? "more" : " end";
  co_return text;
}

TEST_P(Leases, the_end_of_a_stream_is_an_empty_lease) {
  EXPECT_EQ(result_of(reach_the_end), "last end");
}

Task<std::string> cancel_and_receive(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  auto late = co_await as_expected(pair.near.receive().within(5ms));
  text += late ? "received" : late.error().message();
  try {
    co_await within(5ms, receive_later(pair.near, text));
  } catch (const TimedOut&) {
    text += ", cancelled, ";
  }
  co_await pair.far.write_all(bytes_of("kept"));
  co_await receive_later(pair.near, text);
  co_return text + " " + std::to_string(leases());
}

TEST_P(Leases, a_receive_that_is_cancelled_takes_no_byte_and_no_lease) {
  EXPECT_EQ(result_of(cancel_and_receive), "timed out, cancelled, kept 0");
}

// More at a time than an engine has of its own.
Task<std::string> hold_many(Stream&) {
  Pair pair = co_await connected_pair();
  std::vector<Lease> held;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    auto letter = static_cast<std::byte>('a' + i % 26);
    co_await pair.far.write_all(std::span(&letter, 1));
    Lease received = co_await pair.near.receive();
    text += text_of(received);
    held.push_back(std::move(received));
  }
  bool is_intact = true;
  for (int i = 0; i < 100; ++i)
    if (text_of(held.at(static_cast<std::size_t>(i))) !=
        text.substr(static_cast<std::size_t>(i), 1))
      is_intact = false;
  text = std::to_string(leases());
  held.clear();
  co_return text + (is_intact ? " intact " : " mixed ") + std::to_string(leases());
}

TEST_P(Leases, as_many_may_be_held_as_are_needed) {
  EXPECT_EQ(result_of(hold_many), "100 intact 0");
}

Task<> hold_and_wait(Stream& stream) {
  Lease received = co_await stream.receive();
  Lease more = co_await stream.receive();
}

Task<> fail_soon() {
  co_await sleep_for(5ms);
  throw std::runtime_error("failed");
}

Task<std::string> fail_while_held(Stream&) {
  Pair first = co_await connected_pair();
  Pair second = co_await connected_pair();
  co_await first.far.write_all(bytes_of("x"));
  co_await second.far.write_all(bytes_of("x"));
  std::string text;
  try {
    co_await all(hold_and_wait(first.near), hold_and_wait(second.near), fail_soon());
  } catch (const std::runtime_error& error) {
    text = error.what();
  }
  co_return text + " " + std::to_string(leases());
}

TEST_P(Leases, a_scope_that_fails_gets_back_what_its_children_hold) {
  EXPECT_EQ(result_of(fail_while_held), "failed 0");
}

}  // namespace
}  // namespace duet::test
