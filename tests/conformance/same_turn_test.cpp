// What a wait comes for and its deadline are both there when the loop looks again: the completion
// counts. Each test keeps the loop's thread busy from before the one until after the other.

#include <sys/wait.h>

#include <array>
#include <atomic>
#include <thread>

#include "conformance/handlers.hpp"
#include "support/children.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

constexpr Duration limit = 20ms;

struct Round {
  TimePoint began{};
  std::string outcome;
  bool is_late = false;  // the machine was busy: the deadline had passed before the rest happened
};

Task<> note_outcome(Task<> waiting, Round& round) {
  round.began = Loop::current().now();
  try {
    co_await std::move(waiting);
    round.outcome = "completed";
  } catch (const TimedOut&) {
    round.outcome = "timed out";
  } catch (const IoError& error) {
    round.outcome = error.code() == Errc::timed_out ? "timed out" : error.what();
  }
}

// Called by a task that runs beside, when it has done what the wait waits for.
void stay_until_after_the_deadline(Round& round) {
  round.is_late = Clock::now() >= round.began + limit;
  std::this_thread::sleep_until(round.began + limit + 5ms);
}

class SameTurn : public ModelTest {
 protected:
  template <Task<> one(Round&)>
  static Task<std::string> repeat_until_in_time(Stream&) {
    for (;;) {
      Round round;
      co_await one(round);
      if (!round.is_late) co_return round.outcome;
    }
  }

  template <Task<> one(Round&)>
  std::string outcome_of() {
    ServerProcess server(options(), serving(answer, &repeat_until_in_time<one>));
    return ClientSocket(server.address()).receive_rest();
  }
};
INSTANTIATE_TEST_SUITE_P(, SameTurn, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<> read_one(Stream& stream) {
  std::array<std::byte, 4> buffer;
  co_await stream.read_some(buffer);
}

Task<> read_with_a_deadline_of_its_own(Stream& stream) {
  std::array<std::byte, 4> buffer;
  co_await stream.read_some(buffer).within(limit);
}

Task<> read_within_a_limit(Stream& stream) { co_await within(limit, read_one(stream)); }

Task<> take_a_lease(Stream& stream) { Lease lease = co_await stream.receive().within(limit); }

Task<> send_and_stay(ClientSocket& client, Round& round) {
  client.send("x");
  stay_until_after_the_deadline(round);
  co_return;
}

template <Task<> read(Stream&)>
Task<> read_beside_a_sender(Round& round) {
  Listener listener(Address::loopback(0));
  ClientSocket client(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream stream(Loop::current(), std::move(accepted));
  co_await all(note_outcome(read(stream), round), send_and_stay(client, round));
}

TEST_P(SameTurn, a_read_with_a_deadline_of_its_own_gets_the_bytes) {
  EXPECT_EQ(outcome_of<read_beside_a_sender<read_with_a_deadline_of_its_own>>(), "completed");
}

TEST_P(SameTurn, a_read_within_a_limit_gets_the_bytes) {
  EXPECT_EQ(outcome_of<read_beside_a_sender<read_within_a_limit>>(), "completed");
}

TEST_P(SameTurn, a_lease_gets_the_bytes) {
  EXPECT_EQ(outcome_of<read_beside_a_sender<take_a_lease>>(), "completed");
}

Task<> accept_in_time(Listener& listener) {
  Accepted accepted = co_await listener.accept().within(limit);
  Stream stream(Loop::current(), std::move(accepted));
}

Task<> connect_and_stay(const Address& to, std::optional<ClientSocket>& client, Round& round) {
  client.emplace(to);
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> accept_beside_a_client(Round& round) {
  Listener listener(Address::loopback(0));
  Address at = listener.local();
  std::optional<ClientSocket> client;
  co_await all(note_outcome(accept_in_time(listener), round), connect_and_stay(at, client, round));
}

TEST_P(SameTurn, an_accept_gets_the_connection) {
  EXPECT_EQ(outcome_of<accept_beside_a_client>(), "completed");
}

Task<> lock_in_time(Mutex& mutex) { Mutex::Lock lock = co_await within(limit, mutex.lock()); }

Task<> unlock_and_stay(Mutex::Lock& lock, Round& round) {
  lock.unlock();
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> lock_beside_the_holder(Round& round) {
  Mutex mutex;
  Mutex::Lock lock = co_await mutex.lock();
  co_await all(note_outcome(lock_in_time(mutex), round), unlock_and_stay(lock, round));
}

TEST_P(SameTurn, a_lock_is_given) { EXPECT_EQ(outcome_of<lock_beside_the_holder>(), "completed"); }

Task<> acquire_in_time(Semaphore& semaphore) {
  Semaphore::Permit permit = co_await within(limit, semaphore.acquire());
}

Task<> release_on_a_thread_and_stay(Semaphore& semaphore, Round& round) {
  std::thread([&] { semaphore.release(); }).join();
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> acquire_beside_a_thread(Round& round) {
  Semaphore semaphore(0);
  co_await all(note_outcome(acquire_in_time(semaphore), round),
               release_on_a_thread_and_stay(semaphore, round));
}

TEST_P(SameTurn, what_another_thread_gives_is_taken) {
  EXPECT_EQ(outcome_of<acquire_beside_a_thread>(), "completed");
}

Task<> receive_in_time(Channel<int>& channel) {
  std::optional<int> value = co_await within(limit, channel.receive());
  if (value != 5) throw std::runtime_error("another value");
}

Task<> send_to_a_channel_and_stay(Channel<int>& channel, Round& round) {
  int value = 5;
  if (!channel.try_send(value)) throw std::runtime_error("not sent");
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> receive_beside_a_sender(Round& round) {
  Channel<int> channel(1);
  co_await all(note_outcome(receive_in_time(channel), round),
               send_to_a_channel_and_stay(channel, round));
}

TEST_P(SameTurn, a_value_of_a_channel_is_received) {
  EXPECT_EQ(outcome_of<receive_beside_a_sender>(), "completed");
}

Task<> await_child_in_time(Child& child) { co_await within(limit, child.wait()); }

// It has ended, and stays to be reaped by who waits for it.
Task<> await_end_and_stay(int process, Round& round) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT);
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> await_a_child(Round& round) {
  Child child = co_await Child::start(brief());
  co_await all(note_outcome(await_child_in_time(child), round),
               await_end_and_stay(child.process(), round));
  co_await child.wait();
}

TEST_P(SameTurn, the_end_of_a_child_is_seen) {
  EXPECT_EQ(outcome_of<await_a_child>(), "completed");
}

Task<> work_in_time(std::atomic<bool>& is_done) {
  auto work = offload(Work::compute, [&] { is_done.store(true); });
  co_await within(limit, std::move(work));
}

Task<> await_work_and_stay(std::atomic<bool>& is_done, Round& round) {
  while (!is_done.load()) std::this_thread::yield();
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> work_elsewhere(Round& round) {
  std::atomic<bool> is_done = false;
  co_await all(note_outcome(work_in_time(is_done), round), await_work_and_stay(is_done, round));
}

TEST_P(SameTurn, the_result_of_offloaded_work_counts) {
  EXPECT_EQ(outcome_of<work_elsewhere>(), "completed");
}

// Of two timers the one that is due earlier comes first.
Task<> sleep_in_time() { co_await within(limit, sleep_for(limit - 1ms)); }

Task<> only_stay(Round& round) {
  stay_until_after_the_deadline(round);
  co_return;
}

Task<> sleep_beside(Round& round) {
  co_await all(note_outcome(sleep_in_time(), round), only_stay(round));
}

TEST_P(SameTurn, a_sleep_that_is_shorter_than_the_limit_ends) {
  EXPECT_EQ(outcome_of<sleep_beside>(), "completed");
}

Task<> sleep_too_long() { co_await within(limit, sleep_for(limit + 1ms)); }

Task<> sleep_too_long_beside(Round& round) {
  co_await all(note_outcome(sleep_too_long(), round), only_stay(round));
}

TEST_P(SameTurn, a_sleep_that_is_longer_than_the_limit_does_not) {
  EXPECT_EQ(outcome_of<sleep_too_long_beside>(), "timed out");
}

}  // namespace
}  // namespace duet::test
