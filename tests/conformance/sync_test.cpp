// Mutex, Semaphore, Event and Channel between the tasks of a connection and a plain thread.

#include <array>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Sync : public ModelTest {
 protected:
  std::string result_of(Body body) {
    ServerProcess server(options(), serving(answer, body));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, Sync, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> note_under_lock(Mutex& mutex, std::string& text, char name) {
  Mutex::Lock lock = co_await mutex.lock();
  text += name;
  co_await sleep_for(1ms);
  text += name;
}

Task<std::string> lock_across_waits(Stream&) {
  Mutex mutex;
  std::string text;
  co_await all(note_under_lock(mutex, text, 'a'), note_under_lock(mutex, text, 'b'),
               note_under_lock(mutex, text, 'c'));
  co_return text;
}

TEST_P(Sync, a_mutex_is_held_across_waits) { EXPECT_EQ(result_of(lock_across_waits), "aabbcc"); }

Task<std::string> cancel_a_lock(Stream&) {
  Mutex mutex;
  std::string text;
  Mutex::Lock held = co_await mutex.lock();
  try {
    co_await within(5ms, note_under_lock(mutex, text, 'x'));
  } catch (const TimedOut&) {
    text += "timed out";
  }
  held.unlock();
  co_await note_under_lock(mutex, text, '!');
  co_return text;
}

TEST_P(Sync, a_wait_for_a_lock_is_interrupted) {
  EXPECT_EQ(result_of(cancel_a_lock), "timed out!!");
}

Task<std::string> talk_to_a_thread(Stream&) {
  Channel<int> questions(2), answers(2);
  std::jthread thread([&] {
    while (std::optional<int> question = wait(questions.receive()))
      wait(answers.send(*question * *question));
    answers.close();
  });
  int sum = 0;
  for (int i = 1; i <= 10; ++i) {
    bool is_taken = co_await questions.send(i);
    std::optional<int> squared = co_await answers.receive();
    sum += is_taken ? squared.value_or(0) : 0;
  }
  questions.close();
  co_return std::to_string(sum);
}

TEST_P(Sync, a_channel_connects_a_task_with_a_thread) {
  EXPECT_EQ(result_of(talk_to_a_thread), "385");
}

Task<> read_until(Stream& stream, Event& done, std::string& text) {
  std::array<std::byte, 8> buffer;
  co_await stream.read_some(buffer);
  text += "read,";
  done.set();
}

Task<std::string> wait_for_bytes_and_an_event(Stream&) {
  Pair pair = co_await connected_pair();
  Event done, begun;
  std::string text;
  std::jthread thread([&] {
    wait(begun.wait());
    done.set();
  });
  begun.set();
  co_await done.wait();
  text += "set,";
  co_await pair.far.write_all(bytes_of("x"));
  co_await read_until(pair.near, done, text);
  co_return text;
}

TEST_P(Sync, an_event_is_set_by_a_thread_and_by_a_task) {
  EXPECT_EQ(result_of(wait_for_bytes_and_an_event), "set,read,");
}

Task<> take_turns(Semaphore& turns, int& inside, int& most) {
  Semaphore::Permit permit = co_await turns.acquire();
  most = std::max(most, ++inside);
  co_await sleep_for(1ms);
  --inside;
}

Task<std::string> limit_tasks(Stream&) {
  Semaphore turns(2);
  int inside = 0, most = 0;
  std::vector<Task<>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(take_turns(turns, inside, most));
  co_await all(std::move(tasks));
  co_return std::to_string(most);
}

TEST_P(Sync, a_semaphore_lets_in_as_many_as_it_has_permits) {
  EXPECT_EQ(result_of(limit_tasks), "2");
}

}  // namespace
}  // namespace duet::test
