// Deadlines: of an operation, of a task; and what they race with.

#include <array>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Deadline : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Deadline, testing::ValuesIn(model_cases()), name_of<ModelCase>);

std::string text_of(std::error_code error) { return error ? error.message() : "no error"; }

Task<std::string> read_late(Stream&) {
  Pair pair = co_await connected_pair();
  std::array<char, 8> buffer;
  auto bytes = std::as_writable_bytes(std::span(buffer));
  TimePoint start = Clock::now();
  auto late = co_await as_expected(pair.near.read_some(bytes).within(30ms));
  if (late || late.error() != Errc::timed_out) co_return "not timed out";
  if (Clock::now() - start < 30ms) co_return "timed out early";
  co_await pair.far.write_all(bytes_of("late"));
  std::size_t count = co_await pair.near.read_some(bytes).within(patience);
  co_return std::string(buffer.data(), count);
}

TEST_P(Deadline, ends_a_read_and_takes_no_byte) { EXPECT_EQ(result_of(read_late), "late"); }

Task<std::string> write_late(Stream&) {
  Pair pair = co_await connected_pair();
  std::string bytes(32U << 20, 'x');
  auto late = co_await as_expected(pair.near.write_all(bytes_of(bytes)).within(30ms));
  co_return late ? "written" : text_of(late.error());
}

TEST_P(Deadline, ends_a_write_to_a_peer_that_does_not_read) {
  EXPECT_EQ(result_of(write_late), "timed out");
}

Task<std::string> accept_late(Stream&) {
  Listener listener(Address::loopback(0));
  auto late = co_await as_expected(listener.accept().within(30ms));
  if (late) co_return "accepted";
  Stream near = co_await connect(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream far(Loop::current(), std::move(accepted));
  co_return text_of(late.error());
}

TEST_P(Deadline, ends_an_accept_and_takes_no_connection) {
  EXPECT_EQ(result_of(accept_late), "timed out");
}

// A backlog that is full lets the handshake of another connection hang.
Task<std::string> connect_late(Stream&) {
  Listener::Options options;
  options.backlog = 0;
  Listener listener(Address::loopback(0), options);
  std::vector<Stream> accepted_by_nobody;
  for (int i = 0; i < 10; ++i) {
    try {
      Task<Stream> connecting = connect(listener.local());
      Stream connected = co_await within(100ms, std::move(connecting));
      accepted_by_nobody.push_back(std::move(connected));
    } catch (const TimedOut&) {
      co_return "timed out";
    }
  }
  co_return "connected";
}

TEST_P(Deadline, ends_a_connect_that_nobody_answers) {
  EXPECT_EQ(result_of(connect_late), "timed out");
}

Task<> read_into(Stream& stream, std::string& text) {
  std::array<char, 8> buffer;
  try {
    std::size_t count = co_await stream.read_some(std::as_writable_bytes(std::span(buffer)));
    text += std::string(buffer.data(), count);
  } catch (const Cancelled& cancelled) {
    text += cancelled.reason == CancelReason::deadline ? "cancelled by deadline, " : "cancelled, ";
    throw;
  }
}

Task<std::string> task_late(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  bool is_timed_out = false;
  try {
    co_await within(30ms, read_into(pair.near, text));
  } catch (const TimedOut&) {
    is_timed_out = true;
  }
  if (is_timed_out) text += "timed out, ";
  co_await pair.far.write_all(bytes_of("then read"));
  co_await within(patience, read_into(pair.near, text));
  co_return text;
}

TEST_P(Deadline, of_a_task_cancels_it_and_leaves_its_stream_usable) {
  EXPECT_EQ(result_of(task_late), "cancelled by deadline, timed out, then rea");
}

// Echoes with deadlines around the time at which the bytes come, down to one that has passed.
Task<> echo_against_deadlines(Stream peer) {
  std::array<std::byte, 64> buffer;
  for (unsigned round = 0;; ++round) {
    auto deadline = std::chrono::microseconds(round * 37 % 4 * 700);
    auto count = co_await as_expected(peer.read_some(buffer).within(deadline));
    if (!count && count.error() != Errc::timed_out) throw IoError(count.error(), "read");
    if (!count) continue;
    if (*count == 0) co_return;
    co_await peer.write_all(std::span(buffer).first(*count));
  }
}

TEST_P(Deadline, that_races_with_the_bytes_loses_none) {
  ServerProcess server(options(), serving(echo_against_deadlines));
  ClientSocket client(server.address());
  std::string bytes = pattern(static_cast<std::size_t>(scaled(1000, 100)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    client.send(std::string_view(bytes).substr(i, 1));
    std::this_thread::sleep_for(std::chrono::microseconds(i * 53 % 2000));  // the load's rhythm
  }
  client.finish();
  EXPECT_TRUE(client.receive_rest() == bytes);
}

}  // namespace
}  // namespace duet::test
