// Cancellation: before, during, after and twice; what it leaves behind; what is shielded from it.

#include <array>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Cancel : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Cancel, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> read_into(Stream& stream, std::string& text) {
  std::array<char, 16> buffer;
  try {
    std::size_t count = co_await stream.read_some(std::as_writable_bytes(std::span(buffer)));
    text += std::string(buffer.data(), count);
  } catch (const Cancelled&) {
    text += "cancelled,";
    throw;
  }
}

Task<> cancel_before(Scope& scope, Stream* stream, std::string* text) {
  scope.cancel();
  scope.spawn(read_into(*stream, *text));
  co_return;
}

Task<> cancel_during(Scope& scope, Stream* stream, std::string* text) {
  scope.spawn(read_into(*stream, *text));
  co_await sleep_for(5ms);
  scope.cancel();
  scope.cancel();
}

Task<> cancel_after(Scope& scope, Stream* stream, std::string* text) {
  scope.spawn(read_into(*stream, *text));
  co_await sleep_for(50ms);
  scope.cancel();
}

Task<std::string> cancel_around_a_read(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await scoped(cancel_during, &pair.near, &text);
  co_await pair.far.write_all(bytes_of("bytes"));
  co_await scoped(cancel_before, &pair.near, &text);
  co_await scoped(cancel_after, &pair.near, &text);
  co_return text;
}

TEST_P(Cancel, before_during_twice_and_after_a_read_each_has_one_outcome) {
  EXPECT_EQ(result_of(cancel_around_a_read), "cancelled,cancelled,bytes");
}

Task<> write_too_much(Stream& stream) {
  std::string bytes(32U << 20, 'x');
  co_await stream.write_all(bytes_of(bytes));
}

Task<std::string> cut_a_write(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  try {
    co_await within(20ms, write_too_much(pair.near));
  } catch (const TimedOut&) {
    text = "timed out, ";
  }
  auto more = co_await as_expected(pair.near.write_all(bytes_of("more")));
  text += more ? "written" : more.error().message();
  co_await pair.far.write_all(bytes_of(", read"));
  co_await read_into(pair.near, text);
  co_return text;
}

TEST_P(Cancel, a_stream_takes_no_byte_behind_a_write_that_was_cut_short) {
  EXPECT_EQ(result_of(cut_a_write), "timed out, an earlier write was cut short, read");
}

Task<> say_goodbye(Stream& stream) {
  co_await sleep_for(2ms);
  co_await stream.write_all(bytes_of("goodbye"));
}

Task<> serve_until_cancelled(Stream& stream) {
  bool is_cancelled = false;
  try {
    std::array<std::byte, 8> buffer;
    co_await stream.read_some(buffer);
  } catch (const Cancelled&) {
    is_cancelled = true;
  }
  if (is_cancelled) co_await shielded(patience, say_goodbye(stream));
  co_await sleep_for(patience);  // cancelled still
}

Task<std::string> say_goodbye_when_cancelled(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  try {
    co_await within(10ms, serve_until_cancelled(pair.near));
  } catch (const TimedOut&) {
    text = "timed out, ";
  }
  co_await read_into(pair.far, text);
  co_return text;
}

TEST_P(Cancel, what_is_shielded_is_done_and_the_cancellation_stays) {
  EXPECT_EQ(result_of(say_goodbye_when_cancelled), "timed out, goodbye");
}

Task<std::string> stop_from_another_thread(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  std::stop_source source;
  std::jthread thread([&] {
    std::this_thread::sleep_for(5ms);
    source.request_stop();
  });
  try {
    co_await until_stopped(source.get_token(), read_into(pair.near, text));
  } catch (const Cancelled&) {
    text += "thrown";
  }
  co_return text;
}

TEST_P(Cancel, a_stop_token_ends_a_read_from_another_thread) {
  EXPECT_EQ(result_of(stop_from_another_thread), "cancelled,thrown");
}

Task<> read_in_time(Stream& stream, std::string& text) {
  try {
    co_await within(10ms, within(patience, read_into(stream, text)));
  } catch (const TimedOut&) {
    text += "middle";
  }
}

// Three levels of deadlines around one read: the one that passes is reported where it was set.
Task<std::string> three_levels(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await within(patience, read_in_time(pair.near, text));
  co_return text;
}

TEST_P(Cancel, of_three_deadlines_the_one_that_passes_ends_what_is_inside) {
  EXPECT_EQ(result_of(three_levels), "cancelled,middle");
}

Task<int> reply_after(Stream& stream, int value) {
  std::array<std::byte, 8> buffer;
  std::size_t count = co_await stream.read_some(buffer);
  co_return value + static_cast<int>(count);
}

Task<std::string> first_reply(Stream&) {
  Pair slow = co_await connected_pair();
  Pair fast = co_await connected_pair();
  co_await fast.far.write_all(bytes_of("x"));
  Any<int, int> replies = co_await any(reply_after(slow.near, 10), reply_after(fast.near, 20));
  std::string text = std::to_string(replies.first().value_or(9));
  text += std::get<0>(replies.outcomes).has_value() ? " both" : " one";
  text += std::to_string(std::get<1>(replies.outcomes).take());
  co_return text;
}

TEST_P(Cancel, any_takes_the_first_success_and_ends_the_other_read) {
  EXPECT_EQ(result_of(first_reply), "1 one21");
}

// Sends numbered bytes while the other side's read is cancelled again and again: whatever a read
// has taken it reports, though its scope was cancelled in the same moment.
Task<> send_numbers(Stream& stream, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    auto byte = static_cast<std::byte>(i);
    co_await stream.write_all(std::span(&byte, 1));
    if (i % 3 == 0) co_await yield();
  }
}

Task<> read_one(Stream& stream, std::string& received) {
  std::array<char, 4> buffer;
  std::size_t count = co_await stream.read_some(std::as_writable_bytes(std::span(buffer)));
  received.append(buffer.data(), count);
}

Task<> cancel_quickly(Scope& scope, Stream* stream, std::string* received, unsigned turns) {
  scope.spawn(read_one(*stream, *received));
  for (unsigned i = 0; i < turns; ++i) co_await yield();
  scope.cancel();
}

Task<> read_with_cancels(Stream& stream, unsigned count, std::string& received) {
  for (unsigned round = 0; received.size() < count; ++round)
    co_await scoped(cancel_quickly, &stream, &received, round % 4);
}

Task<std::string> race_cancels(Stream&) {
  Pair pair = co_await connected_pair();
  auto count = static_cast<unsigned>(scaled(20000, 2000));
  std::string received;
  co_await all(send_numbers(pair.far, count), read_with_cancels(pair.near, count, received));
  for (unsigned i = 0; i < count; ++i)
    if (static_cast<unsigned char>(received[i]) != i % 256) co_return "lost byte";
  co_return received.size() == count ? "all" : "too many";
}

TEST_P(Cancel, that_races_with_the_bytes_loses_none) { EXPECT_EQ(result_of(race_cancels), "all"); }

}  // namespace
}  // namespace duet::test
