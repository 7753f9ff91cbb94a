// Mutex, Semaphore, Event and Channel between connections, which are on different loops under most
// models.

#include <atomic>
#include <list>
#include <memory>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

constexpr int connections = 6;  // of each kind

class SyncBetweenConnections : public ModelTest {
 protected:
  void SetUp() override {
    ModelTest::SetUp();
    if (IsSkipped()) return;
    if (model().forks())
      GTEST_SKIP() << refused("processes share no memory",
                              "Connections.change_shared_state_exactly_unless_each_has_a_process");
    if (model().is_one_at_a_time())
      GTEST_SKIP() << refused("one connection at a time",
                              "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  }

  Options on_two_loops() const {
    Options two = options();
    if (model().has_workers()) two.workers = 2;
    return two;
  }

  // The answers of `connections` clients of each service, all at once.
  static std::vector<std::string> answers_of(const ServerProcess& server, std::size_t services) {
    std::list<ClientSocket> clients;
    for (int i = 0; i < connections; ++i)
      for (std::size_t at = 0; at < services; ++at) clients.emplace_back(server.address(at));
    std::vector<std::string> answers;
    for (ClientSocket& client : clients) answers.push_back(client.receive_rest());
    return answers;
  }

  static std::vector<std::string> all_say(const std::string& answer, std::size_t services = 1) {
    return std::vector<std::string>(connections * services, answer);
  }
};
INSTANTIATE_TEST_SUITE_P(, SyncBetweenConnections, testing::ValuesIn(model_cases()),
                         name_of<ModelCase>);

struct Counted {
  Mutex mutex;
  long count = 0;
};

// Read, wait, write: without the lock, increments would be lost.
Task<> increment_slowly(Stream peer, std::shared_ptr<Counted> counted) {
  for (int i = 0; i < 50; ++i) {
    Mutex::Lock lock = co_await counted->mutex.lock();
    long before = counted->count;
    if (i % 10 == 0)
      co_await sleep_for(100us);
    else
      co_await yield();
    counted->count = before + 1;
  }
  co_await peer.write_all(bytes_of("done"));
}

Task<> tell_count(Stream peer, std::shared_ptr<Counted> counted) {
  std::string text;
  {
    Mutex::Lock lock = co_await counted->mutex.lock();
    text = std::to_string(counted->count);
  }
  co_await peer.write_all(bytes_of(text));
}

TEST_P(SyncBetweenConnections, a_mutex_is_held_across_waits) {
  ServerProcess server(on_two_loops(), [](Runtime& runtime) {
    auto counted = std::make_shared<Counted>();
    runtime.serve(Address::loopback(0), increment_slowly, counted);
    runtime.serve(Address::loopback(0), tell_count, counted);
  });
  EXPECT_EQ(answers_of(server, 1), all_say("done"));
  EXPECT_EQ(ClientSocket(server.address(1)).receive_rest(), std::to_string(connections * 50));
}

struct Limited {
  Semaphore free{2};
  std::atomic<int> inside = 0;
  std::atomic<bool> is_exceeded = false;
};

// Cancelled waits among them: a permit that comes at the moment of the deadline is not lost.
Task<> enter_often(Stream peer, std::shared_ptr<Limited> limited) {
  for (int i = 0; i < 100; ++i) {
    try {
      auto limit = std::chrono::microseconds(i * 37 % 1500);
      Semaphore::Permit permit = co_await within(limit, limited->free.acquire());
      if (++limited->inside > 2) limited->is_exceeded = true;
      co_await sleep_for(200us);
      --limited->inside;
    } catch (const TimedOut&) {
    }
  }
  co_await peer.write_all(bytes_of("done"));
}

Task<> take_all_permits(Stream peer, std::shared_ptr<Limited> limited) {
  Semaphore::Permit first = co_await limited->free.acquire();
  Semaphore::Permit second = co_await limited->free.acquire();
  std::string text = limited->is_exceeded ? "too many inside" : "both";
  if (limited->free.available() != 0) text += ", and more";
  co_await peer.write_all(bytes_of(text));
}

TEST_P(SyncBetweenConnections, a_semaphore_keeps_its_permits_through_cancelled_waits) {
  ServerProcess server(on_two_loops(), [](Runtime& runtime) {
    auto limited = std::make_shared<Limited>();
    runtime.serve(Address::loopback(0), enter_often, limited);
    runtime.serve(Address::loopback(0), take_all_permits, limited);
  });
  EXPECT_EQ(answers_of(server, 1), all_say("done"));
  EXPECT_EQ(ClientSocket(server.address(1)).receive_rest(), "both");
}

constexpr int values = 200;

Task<> produce(Stream peer, std::shared_ptr<Channel<int>> channel) {
  std::string text = "sent";
  for (int i = 0; i < values; ++i) {
    bool is_taken = co_await channel->send(i);
    if (!is_taken) text = "closed";
  }
  co_await peer.write_all(bytes_of(text));
}

Task<> consume(Stream peer, std::shared_ptr<Channel<int>> channel) {
  long sum = 0;
  for (int i = 0; i < values; ++i) {
    std::optional<int> value = co_await channel->receive();
    sum += value.value_or(-1'000'000);
  }
  std::string text = std::to_string(sum);
  co_await peer.write_all(bytes_of(text));
}

TEST_P(SyncBetweenConnections, a_channel_passes_each_value_once) {
  ServerProcess server(on_two_loops(), [](Runtime& runtime) {
    auto channel = std::make_shared<Channel<int>>(1);
    runtime.serve(Address::loopback(0), produce, channel);
    runtime.serve(Address::loopback(0), consume, channel);
  });
  long sum = 0;
  for (const std::string& text : answers_of(server, 2))
    if (text != "sent") sum += std::stol(text);
  EXPECT_EQ(sum, long{connections} * values * (values - 1) / 2);
}

Task<> wait_for_all(Stream peer, std::shared_ptr<Event> event) {
  co_await peer.write_all(bytes_of("waits, "));
  co_await event->wait();
  co_await peer.write_all(bytes_of("woken"));
}

Task<> set(Stream peer, std::shared_ptr<Event> event) {
  event->set();
  co_await peer.write_all(bytes_of("set"));
}

TEST_P(SyncBetweenConnections, an_event_wakes_all_who_wait) {
  ServerProcess server(on_two_loops(), [](Runtime& runtime) {
    auto event = std::make_shared<Event>();
    runtime.serve(Address::loopback(0), wait_for_all, event);
    runtime.serve(Address::loopback(0), set, event);
  });
  std::list<ClientSocket> clients;
  for (int i = 0; i < connections; ++i) clients.emplace_back(server.address(0));
  for (ClientSocket& client : clients) EXPECT_EQ(client.receive(7), "waits, ");
  EXPECT_FALSE(clients.front().is_answered_within(20ms));
  EXPECT_EQ(ClientSocket(server.address(1)).receive_rest(), "set");
  for (ClientSocket& client : clients) EXPECT_EQ(client.receive_rest(), "woken");
}

}  // namespace
}  // namespace duet::test
