// Tasks side by side within a handler: scopes, failures, cancellation, turns.

#include <array>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Structure : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Structure, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> take_turns(char name, std::string& order) {
  for (int i = 0; i < 3; ++i) {
    order += name;
    co_await yield();
  }
}

Task<std::string> take_turns_at_once(Stream&) {
  std::string order;
  co_await all(take_turns('a', order), take_turns('b', order), take_turns('c', order));
  co_return order;
}

TEST_P(Structure, yield_lets_what_is_ready_run_first) {
  EXPECT_EQ(result_of(take_turns_at_once), "abcabcabc");
}

Task<> sleep_and_note(Duration delay, char name, std::string& order) {
  TimePoint start = Clock::now();
  co_await sleep_for(delay);
  order += name;
  if (Clock::now() - start < delay) order += "(early)";
}

Task<std::string> sleep_in_disorder(Stream&) {
  std::string order;
  co_await all(sleep_and_note(30ms, 'c', order), sleep_and_note(10ms, 'a', order),
               sleep_and_note(20ms, 'b', order), sleep_and_note(0ms, '0', order));
  co_return order;
}

TEST_P(Structure, sleeping_tasks_wake_in_the_order_of_their_times) {
  EXPECT_EQ(result_of(sleep_in_disorder), "0abc");
}

Task<> read_until_cancelled(Stream& stream, std::string& text) {
  std::array<std::byte, 8> buffer;
  try {
    co_await stream.read_some(buffer);
    text += "read";
  } catch (const Cancelled& cancelled) {
    text += cancelled.reason == CancelReason::failure ? "sibling cancelled, " : "cancelled, ";
    throw;
  }
}

Task<> fail_soon() {
  co_await sleep_for(5ms);
  throw std::runtime_error("the failure");
}

Task<std::string> fail_beside_a_reader(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  try {
    co_await all(read_until_cancelled(pair.near, text), fail_soon());
    text += "nothing";
  } catch (const std::runtime_error& error) {
    text += error.what();
  }
  co_return text;
}

TEST_P(Structure, a_failure_cancels_its_siblings_and_comes_out_after_them) {
  EXPECT_EQ(result_of(fail_beside_a_reader), "sibling cancelled, the failure");
}

Task<> spawn_readers(Scope& scope, Stream* stream, std::string* text) {
  scope.spawn(read_until_cancelled(*stream, *text));
  co_await sleep_for(5ms);
  scope.cancel();
}

Task<std::string> cancel_a_scope(Stream&) {
  Pair pair = co_await connected_pair();
  std::string text;
  co_await scoped(spawn_readers, &pair.near, &text);
  co_await pair.far.write_all(bytes_of("x"));
  co_await read_until_cancelled(pair.near, text);
  co_return text;
}

TEST_P(Structure, cancelling_a_scope_ends_its_reads_and_takes_no_byte) {
  EXPECT_EQ(result_of(cancel_a_scope), "cancelled, read");
}

Task<> wait_for(Event& event, int& woken) {
  co_await event.wait();
  ++woken;
}

Task<> set_soon(Event& event) {
  co_await sleep_for(5ms);
  event.set();
}

Task<std::string> wait_for_an_event(Stream&) {
  Event event;
  int woken = 0;
  co_await all(wait_for(event, woken), wait_for(event, woken), set_soon(event));
  co_return std::to_string(woken);
}

TEST_P(Structure, an_event_wakes_all_that_wait_for_it) {
  EXPECT_EQ(result_of(wait_for_an_event), "2");
}

Task<int> seven() {
  co_await yield();
  co_return 7;
}

Task<std::string> take_values(Stream&) {
  Task<int> in_time = within(patience, seven());
  int value = co_await std::move(in_time);
  auto expected = co_await as_expected(seven());
  co_return std::to_string(value + *expected);
}

TEST_P(Structure, a_task_in_time_gives_its_value) { EXPECT_EQ(result_of(take_values), "14"); }

}  // namespace
}  // namespace duet::test
