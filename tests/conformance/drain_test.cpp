// How a server ends: it stops accepting, closes what is idle, lets what runs end for as long as it
// may, and exits with 0.

#include <sys/wait.h>

#include <array>
#include <atomic>
#include <csignal>
#include <list>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Drain : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Drain, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// A drain that waits for nothing takes the 250 ms for which a peer may be silent, and some.
void expect_prompt(TimePoint start) {
  std::chrono::duration<double> taken = Clock::now() - start;
  EXPECT_LT(taken.count(), machine_load());
}

TEST_P(Drain, ends_a_server_that_has_no_connection) {
  ServerProcess server(options(), serving(echo));
  server.stop();
  EXPECT_EQ(server.log(), "");
}

TEST_P(Drain, closes_an_idle_connection) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  TimePoint start = Clock::now();
  server.stop();
  expect_prompt(start);
  EXPECT_EQ(client.receive_rest(), "");
  EXPECT_EQ(server.log(), "");
}

TEST_P(Drain, accepts_no_more) {
  ServerProcess server(options(), serving(send_pattern, std::size_t{64U << 20}));
  ClientSocket running(server.address());
  running.receive(1);
  server.drain();
  EXPECT_TRUE(eventually([&] {
    try {
      ClientSocket late(server.address());
      return false;
    } catch (const IoError&) {
      return true;
    }
  }));
  running.receive_rest();
  server.stop();
}

TEST_P(Drain, lets_a_transfer_to_the_peer_end_well) {
  constexpr std::size_t size = 64U << 20;
  ServerProcess server(options(), serving(send_pattern, size));
  ClientSocket client(server.address());
  std::string bytes = client.receive(100'000);
  server.drain();
  EXPECT_FALSE(eventually([&] { return server.has_ended(); }, 400ms));  // longer than the silence
  bytes += client.receive_rest();
  EXPECT_TRUE(bytes == pattern(size));
  server.stop();
  EXPECT_EQ(server.log(), "");
}

TEST_P(Drain, lets_a_conversation_go_on) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("first"), "first");
  server.drain();
  TimePoint end = Clock::now() + 600ms;
  while (Clock::now() < end) ASSERT_EQ(client.exchange("more"), "more");
  client.finish();
  EXPECT_EQ(client.receive_rest(), "");
  server.stop();
}

TEST_P(Drain, cuts_what_has_not_ended_in_time) {
  Options hurried = options();
  hurried.drain = 300ms;
  ServerProcess server(hurried, serving(send_pattern, std::size_t{64U << 20}));
  ClientSocket client(server.address());
  client.receive(1);
  TimePoint start = Clock::now();
  server.stop();
  EXPECT_GE(Clock::now() - start, 300ms);
  expect_prompt(start);
  EXPECT_NE(server.log().find("did not end within the drain time"), std::string::npos)
      << server.log();
}

TEST_P(Drain, ends_at_once_when_asked_twice) {
  ServerProcess server(options(), serving(send_pattern, std::size_t{64U << 20}));
  ClientSocket client(server.address());
  client.receive(1);
  server.drain();
  EXPECT_FALSE(eventually([&] { return server.has_ended(); }, 300ms));
  server.drain();
  int status = server.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

// The server closes first, so that its end of the connection lingers (TIME_WAIT).
TEST_P(Drain, leaves_the_port_to_the_next_server) {
  Address address;
  {
    ServerProcess server(options(), serving(echo));
    address = server.address();
    ClientSocket client(address);
    EXPECT_EQ(client.exchange("x"), "x");
    server.stop();
    EXPECT_EQ(client.receive_rest(), "");
  }
  ServerProcess next(options(), [&](Runtime& runtime) { runtime.serve(address, echo); });
  EXPECT_EQ(ClientSocket(address).exchange("y"), "y");
}

Task<> note_and_echo(Stream peer, std::atomic<int>* begun) {
  ++*begun;
  Task<> task = echo(std::move(peer));
  co_await std::move(task);
}

// Threads blocked in a call are the hard case; a wake-up that comes between a thread's last look
// and its call must not be lost, so this is repeated.
TEST_P(Drain, ends_1000_idle_connections_within_a_second) {
  if (std::string why = why_not_a_thousand(); !why.empty()) GTEST_SKIP() << why;
  bool is_blocked_thread = model().has_threads() && model().engine.empty();
  int rounds = scaled(is_blocked_thread ? 100 : 3);
  int count = model().is_one_at_a_time() ? 1 : scaled(1000, 100);
  for (int round = 0; round < rounds; ++round) {
    SharedMemory<std::atomic<int>> begun;
    ServerProcess server(options(), serving(note_and_echo, begun.get()));
    std::list<ClientSocket> clients;
    for (int i = 0; i < count; ++i) clients.emplace_back(server.address());
    ASSERT_TRUE(eventually([&] { return begun->load() == count; }));
    TimePoint start = Clock::now();
    server.stop();
    expect_prompt(start);
    for (ClientSocket& client : clients) ASSERT_EQ(client.receive_some(), "");
  }
}

}  // namespace
}  // namespace duet::test
