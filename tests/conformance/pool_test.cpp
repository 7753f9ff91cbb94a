// The model pool: connections whose loops a few threads run.

#include <atomic>
#include <list>
#include <set>
#include <string>
#include <thread>

#include "conformance/handlers.hpp"
#include "duet/loop/sleep.hpp"
#include "support/model_test.hpp"
#include "support/shared_memory.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Pool : public ModelTest {
 protected:
  Options pool_of(unsigned workers) const {
    Options pool = options();
    pool.workers = workers;
    return pool;
  }
};
INSTANTIATE_TEST_SUITE_P(, Pool, testing::Values(ModelCase{"pool", "pool", {}}),
                         name_of<ModelCase>);

// An echo that keeps its thread busy from "c" on until it is over.
Task<> compute_or_echo(Stream peer, std::atomic<bool>* is_over) {
  std::array<std::byte, 1> byte;
  for (;;) {
    std::size_t n = co_await peer.read_some(byte);
    if (n == 0) co_return;
    co_await peer.write_all(byte);
    while (byte[0] == std::byte{'c'} && !*is_over) std::this_thread::yield();
  }
}

TEST_P(Pool, a_connection_that_computes_holds_up_nobody_else) {
  SharedMemory<std::atomic<bool>> is_over;
  ServerProcess server(pool_of(2), serving(compute_or_echo, is_over.get()));
  ClientSocket busy(server.address());
  EXPECT_EQ(busy.exchange("c"), "c");
  std::list<ClientSocket> others;
  for (int i = 0; i < 50; ++i) {
    others.emplace_back(server.address());
    EXPECT_EQ(others.back().exchange("x"), "x");
  }
  for (ClientSocket& other : others) EXPECT_EQ(other.exchange("y"), "y");
  *is_over.get() = true;
}

Task<> never_rest() {
  for (;;) co_await sleep_for(Duration::zero());
}

Task<> echo_beside(Scope& scope, Stream* peer) {
  scope.spawn(never_rest());
  Task<> echoing = echo(std::move(*peer));
  co_await std::move(echoing);
  scope.cancel();
}

// A loop that always has something to do.
Task<> echo_restlessly(Stream peer) { co_await scoped(echo_beside, &peer); }

TEST_P(Pool, a_loop_that_never_rests_shares_its_thread_with_others) {
  ServerProcess server(pool_of(1), serving(echo_restlessly));
  std::list<ClientSocket> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(server.address());
    EXPECT_EQ(clients.back().exchange("x"), "x");
  }
  for (ClientSocket& client : clients) EXPECT_EQ(client.exchange("y"), "y");
}

// "!" if another thread was in the handler of the same connection.
Task<> tell_if_two_threads(Stream peer) {
  std::atomic<bool> is_inside = false;
  std::array<std::byte, 1> byte;
  std::string answer = ".";
  is_inside = true;
  for (;;) {
    if (!is_inside.exchange(false)) answer = "!";
    std::size_t n = co_await peer.read_some(byte);
    if (is_inside.exchange(true)) answer = "!";
    if (n == 0) co_return;
    co_await peer.write_all(bytes_of(answer));
  }
}

TEST_P(Pool, handles_a_connection_on_one_thread_at_a_time) {
  ServerProcess server(pool_of(4), serving(tell_if_two_threads));
  std::list<ClientSocket> clients;
  for (int i = 0; i < 16; ++i) clients.emplace_back(server.address());
  for (int round = 0; round < scaled(200); ++round)
    for (ClientSocket& client : clients) ASSERT_EQ(client.exchange("x"), ".");
}

Task<> tell_thread(Stream peer) {
  std::array<std::byte, 1> byte;
  for (;;) {
    std::size_t n = co_await peer.read_some(byte);
    if (n == 0) co_return;
    auto id = std::hash<std::thread::id>()(std::this_thread::get_id());
    std::string text = std::to_string(id) + "\n";
    co_await peer.write_all(bytes_of(text));
    std::this_thread::sleep_for(1ms);  // so that the next one is somebody else's
  }
}

TEST_P(Pool, runs_a_connection_on_whatever_thread_is_free) {
  ServerProcess server(pool_of(2), serving(tell_thread));
  ClientSocket one(server.address());
  ClientSocket other(server.address());
  std::set<std::string> threads;
  auto line = [](ClientSocket& client) {
    std::string text;
    while (!text.ends_with('\n')) text += client.receive(1);
    return text;
  };
  EXPECT_TRUE(eventually([&] {
    one.send("x");
    other.send("x");
    threads.insert(line(one));
    line(other);
    return threads.size() == 2;
  }));
}

}  // namespace
}  // namespace duet::test
