// any(…): the first that succeeds, and what becomes of the others.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class AnyOf : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, AnyOf, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<std::string> read_text(Stream& stream) {
  std::array<char, 8> buffer;
  std::size_t count = co_await stream.read_some(std::as_writable_bytes(std::span(buffer)));
  co_return std::string(buffer.data(), count);
}

Task<> send_soon(Stream& stream) {
  co_await sleep_for(5ms);
  co_await stream.write_all(bytes_of("late"));
}

using Replies = Any<std::string, std::string>;

Task<> ask_both(Stream& first, Stream& late, std::string& text) {
  // A reply that is on its way is taken although the question was answered elsewhere.
  Task<std::string> sure = shielded(patience, read_text(late));
  Replies replies = co_await any(read_text(first), std::move(sure));
  text = std::to_string(replies.first().value_or(9)) + " " + std::get<0>(replies.outcomes).take();
  text += ", " + std::get<1>(replies.outcomes).take();
}

Task<std::string> keep_a_late_success(Stream&) {
  Pair first = co_await connected_pair();
  Pair second = co_await connected_pair();
  co_await first.far.write_all(bytes_of("first"));
  std::string text;
  co_await all(ask_both(first.near, second.near, text), send_soon(second.far));
  co_return text;
}

TEST_P(AnyOf, keeps_a_success_that_comes_late) {
  EXPECT_EQ(result_of(keep_a_late_success), "0 first, late");
}

Task<int> fail_with(std::string text) {
  co_await sleep_for(1ms);
  throw std::runtime_error(text);
}

template <class T>
std::string failure_of(Outcome<T>& outcome) {
  try {
    outcome.take();
  } catch (const std::exception& error) {
    return error.what();
  } catch (const Cancelled&) {
    return "cancelled";
  }
  return "none";
}

Task<std::string> fail_all(Stream&) {
  Any<int, int> failed = co_await any(fail_with("one"), fail_with("two"));
  std::string text = failed.first() ? "success: " : "";
  text += failure_of(std::get<0>(failed.outcomes)) + ", ";
  text += failure_of(std::get<1>(failed.outcomes));
  co_return text;
}

TEST_P(AnyOf, tells_how_each_has_failed) { EXPECT_EQ(result_of(fail_all), "one, two"); }

Task<int> five_soon() {
  co_await sleep_for(5ms);
  co_return 5;
}

Task<std::string> fail_first(Stream&) {
  Any<int, int> done = co_await any(fail_with("one"), five_soon());
  std::string text = failure_of(std::get<0>(done.outcomes));
  co_return text + ", " + std::to_string(std::get<1>(done.outcomes).take());
}

TEST_P(AnyOf, goes_on_when_one_has_failed) { EXPECT_EQ(result_of(fail_first), "one, 5"); }

Task<> ask_in_vain(Stream& near, Stream& far, std::string& text) {
  Replies replies = co_await any(read_text(near), read_text(far));
  text += replies.first() ? "success, " : "nothing, ";
}

// Nothing comes out of it, and the reads have taken nothing.
Task<std::string> cancel_from_around(Stream&) {
  Pair first = co_await connected_pair();
  Pair second = co_await connected_pair();
  std::string text;
  try {
    co_await within(10ms, ask_in_vain(first.near, second.near, text));
  } catch (const TimedOut&) {
    text += "timed out, ";
  }
  co_await first.far.write_all(bytes_of("bytes"));
  std::string later = co_await read_text(first.near);
  co_return text + later;
}

TEST_P(AnyOf, ends_when_it_is_cancelled_from_around) {
  EXPECT_EQ(result_of(cancel_from_around), "timed out, bytes");
}

Task<> ask_for_what_is_there(Stream& near, Stream& far, std::string& text) {
  Replies replies = co_await any(shielded(patience, read_text(near)), read_text(far));
  text += std::get<0>(replies.outcomes).take() + ", ";
  text += failure_of(std::get<1>(replies.outcomes)) + ", ";
}

// A value that was had all the same comes out, and the cancellation stays.
Task<std::string> succeed_although_cancelled(Stream&) {
  Pair first = co_await connected_pair();
  Pair second = co_await connected_pair();
  co_await first.far.write_all(bytes_of("there"));
  std::string text;
  CancelScope cancelled(nullptr);
  cancelled.cancel(CancelReason::requested);
  Task<> asking = ask_for_what_is_there(first.near, second.near, text);
  co_await std::move(asking).in(cancelled);
  co_return text + "done";
}

TEST_P(AnyOf, that_is_cancelled_gives_what_has_succeeded) {
  EXPECT_EQ(result_of(succeed_although_cancelled), "there, cancelled, done");
}

}  // namespace
}  // namespace duet::test
