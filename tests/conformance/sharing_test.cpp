// What connections do to each other, which is where the models differ: `single` serves one at a
// time, all others side by side. And state that they are handed to share.

#include <array>
#include <atomic>
#include <list>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/shared_memory.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Connections : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Connections, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// A peer that does not read what it is sent blocks, under `single`, all others.
TEST_P(Connections, wait_for_a_blocked_peer_only_if_served_one_at_a_time) {
  ServerProcess server(options(), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), send_pattern, 61U << 20);
    runtime.serve(Address::loopback(0), echo);
  });
  ClientSocket blocked(server.address(0));
  blocked.receive(1);
  ClientSocket other(server.address(1));
  other.send("x");
  Duration limit = model().is_one_at_a_time() ? Duration(300ms) : patience;
  EXPECT_EQ(other.is_answered_within(limit), !model().is_one_at_a_time());
  blocked.receive_rest();
  EXPECT_EQ(other.receive(1), "x");
}

Task<> count_byte_by_byte(Stream peer) {
  co_await peer.write_all(bytes_of("!"));
  std::array<std::byte, 1> byte;
  std::size_t count = 0;
  for (;;) {
    std::size_t n = co_await peer.read_some(byte);
    if (n == 0) break;
    count += n;
  }
  std::string text = std::to_string(count);
  co_await peer.write_all(bytes_of(text));
}

// A connection that never has to wait for its bytes.
TEST_P(Connections, wait_for_a_busy_one_only_if_served_one_at_a_time) {
  ServerProcess server(options(), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), count_byte_by_byte);
    runtime.serve(Address::loopback(0), echo);
  });
  ClientSocket busy(server.address(0));
  EXPECT_EQ(busy.receive(1), "!");
  busy.send_and_finish(pattern(1U << 20));
  ClientSocket other(server.address(1));
  EXPECT_EQ(other.exchange("x"), "x");
  EXPECT_EQ(busy.is_answered_within(Duration::zero()), model().is_one_at_a_time());
  EXPECT_EQ(busy.receive_rest(), std::to_string(1U << 20));
}

TEST_P(Connections, are_closed_when_idle_only_if_another_waits_for_its_turn) {
  ServerProcess server(options(), serving(echo));
  ClientSocket idle(server.address());
  EXPECT_EQ(idle.exchange("x"), "x");
  EXPECT_FALSE(idle.is_answered_within(100ms)) << "closed although no other client waits";
  ClientSocket other(server.address());
  EXPECT_EQ(other.exchange("y"), "y");
  if (model().is_one_at_a_time()) {
    EXPECT_EQ(idle.receive_rest(), "");
  } else {
    EXPECT_EQ(idle.exchange("z"), "z");
  }
}

TEST_P(Connections, that_are_silent_from_the_start_keep_no_other_waiting) {
  ServerProcess server(options(), serving(echo));
  std::list<ClientSocket> silent;
  for (int i = 0; i < 6; ++i) silent.emplace_back(server.address());
  ClientSocket other(server.address());
  EXPECT_EQ(other.exchange("x"), "x");
}

// Tells where its stream is, and waits for the peer's end.
Task<> offer(Stream peer, std::atomic<Stream*>* offered) {
  offered->store(&peer);
  co_await peer.write_all(bytes_of("!"));
  std::array<std::byte, 1> byte;
  std::size_t n = co_await peer.read_some(byte);
  EXPECT_EQ(n, 0U);
  EXPECT_EQ(offered->load(), nullptr) << "used to the end";
}

Task<> write_to_the_offered(Stream peer, std::atomic<Stream*>* offered) {
  auto sent = co_await as_expected(offered->load()->write_all(bytes_of("from the other")));
  std::string text = sent ? "sent" : sent.error().message();
  offered->store(nullptr);
  co_await peer.write_all(bytes_of(text));
}

// A stream on the wrong loop fails; it does not reach what that loop has under the same number.
TEST_P(Connections, reach_the_stream_of_another_only_if_they_share_a_loop) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  if (model().forks())
    GTEST_SKIP() << refused("processes share no memory",
                            "Connections.change_shared_state_exactly_unless_each_has_a_process");
  SharedMemory<std::atomic<Stream*>> offered;
  ServerProcess server(options(), [&](Runtime& runtime) {
    runtime.serve(Address::loopback(0), offer, offered.get());
    runtime.serve(Address::loopback(0), write_to_the_offered, offered.get());
  });
  ClientSocket first(server.address(0));
  EXPECT_EQ(first.receive(1), "!");
  ClientSocket second(server.address(1));
  EXPECT_EQ(second.receive_rest(), model().has_workers() ? "sent" : "closed");
  first.finish();
  EXPECT_EQ(first.receive_rest(), model().has_workers() ? "from the other" : "");
}

constexpr int connections = 64;
constexpr long increments = 10'000;

// Gives way between two increments now and then, so that connections of one loop interleave.
Task<> increment(Stream peer, Shared<long> total) {
  for (long i = 0; i < increments; ++i) {
    total.with([](long& value) { ++value; });
    if (i % 100 == 0) co_await yield();
  }
  co_await peer.write_all(bytes_of("done"));
}

Task<> tell(Stream peer, Shared<long> total) {
  std::string text = std::to_string(total.with([](const long& value) { return value; }));
  co_await peer.write_all(bytes_of(text));
}

ServerProcess::Serve serving_a_total() {
  return [](Runtime& runtime) {
    Shared<long> total(0);
    runtime.serve(Address::loopback(0), increment, total);
    runtime.serve(Address::loopback(0), tell, total);
  };
}

void expect_exact_total(const ServerProcess& server) {
  std::list<ClientSocket> clients;
  for (int i = 0; i < connections; ++i) clients.emplace_back(server.address(0));
  for (ClientSocket& client : clients) EXPECT_EQ(client.receive_rest(), "done");
  ClientSocket reader(server.address(1));
  EXPECT_EQ(reader.receive_rest(), std::to_string(connections * increments));
}

TEST_P(Connections, change_shared_state_exactly_unless_each_has_a_process) {
  if (!model().forks()) {
    ServerProcess server(options(), serving_a_total());
    return expect_exact_total(server);
  }
  Runtime runtime(options());
  try {
    runtime.serve(Address::loopback(0), tell, Shared<long>(0));
    ADD_FAILURE() << "processes cannot share memory";
  } catch (const UnavailableModel& refusal) {
    EXPECT_NE(std::string(refusal.what()).find("under model process"), std::string::npos);
  }
}

TEST_P(Connections, change_shared_state_exactly_on_two_workers) {
  if (!model().has_workers() && !model().has_pool())
    GTEST_SKIP() << refused("there are no workers",
                            "Connections.have_two_workers_only_where_there_are_workers");
  Options two = options();
  two.workers = 2;
  ServerProcess server(two, serving_a_total());
  expect_exact_total(server);
}

TEST_P(Connections, have_two_workers_only_where_there_are_workers) {
  Options two = options();
  two.workers = 2;
  if (model().has_workers() || model().has_pool()) {
    EXPECT_NO_THROW(Runtime runtime(two));
  } else {
    EXPECT_THROW(Runtime runtime(two), UsageError);
  }
}

struct Counter {
  long count = 0;
};

// Each increment is a call to the shard's loop, which has it for itself.
Task<> increment_a_shard(Stream peer, Sharded<Counter> counters) {
  for (long i = 0; i < 100; ++i) {
    std::size_t shard = static_cast<std::size_t>(i) % counters.count();
    Task<> incrementing = counters.on(shard, [](Counter& counter) { ++counter.count; });
    co_await std::move(incrementing);
  }
  co_await peer.write_all(bytes_of("done"));
}

Task<long> read_slowly(Counter& counter) {
  co_await sleep_for(1ms);
  co_return counter.count;
}

Task<> tell_each_shard(Stream peer, Sharded<Counter> counters) {
  std::vector<long> counts = co_await counters.on_each(read_slowly);
  std::string text;
  for (long count : counts) text += std::to_string(count) + " ";
  co_await peer.write_all(bytes_of(text));
}

Task<> wait_on_a_shard(Counter&) { co_await sleep_for(std::chrono::hours(1)); }

Task<> cancel_a_call(Stream peer, Sharded<Counter> counters) {
  std::string text = "ended";
  try {
    co_await within(5ms, counters.on(counters.count() - 1, wait_on_a_shard));
  } catch (const TimedOut&) {
    text = "timed out";
  }
  co_await peer.write_all(bytes_of(text));
}

ServerProcess::Serve serving_shards() {
  return [](Runtime& runtime) {
    Sharded<Counter> counters;
    runtime.serve(Address::loopback(0), increment_a_shard, counters);
    runtime.serve(Address::loopback(0), tell_each_shard, counters);
    runtime.serve(Address::loopback(0), cancel_a_call, counters);
  };
}

void expect_exact_shards(const ServerProcess& server, const std::string& expected) {
  std::list<ClientSocket> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(server.address(0));
  for (ClientSocket& client : clients) EXPECT_EQ(client.receive_rest(), "done");
  EXPECT_EQ(ClientSocket(server.address(1)).receive_rest(), expected);
  EXPECT_EQ(ClientSocket(server.address(2)).receive_rest(), "timed out");
}

TEST_P(Connections, reach_the_shards_of_all_workers) {
  if (model().forks())
    GTEST_SKIP() << refused("processes share no memory",
                            "Connections.have_shards_unless_each_has_a_process");
  Options with_workers = options();
  if (model().has_workers()) with_workers.workers = 2;
  ServerProcess server(with_workers, serving_shards());
  expect_exact_shards(server, model().has_workers() ? "1000 1000 " : "2000 ");
}

TEST_P(Connections, have_shards_unless_each_has_a_process) {
  Runtime runtime(options());
  auto serve = [&] { runtime.serve(Address::loopback(0), tell_each_shard, Sharded<Counter>()); };
  if (model().forks()) {
    EXPECT_THROW(serve(), UnavailableModel);
  } else {
    EXPECT_NO_THROW(serve());
  }
}

}  // namespace
}  // namespace duet::test
