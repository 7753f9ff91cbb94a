// Many connections, more than are permitted, and more than there are descriptors for.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/sanitizer.hpp"
#include "support/shared_memory.hpp"
#include "support/skip_reason.hpp"
#include "sys/quiet_thread.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

// Of processor time: a tick of proc(5), and one more that has begun before. A sanitizer has a
// thread of its own.
constexpr Duration hardly_any = has_sanitizer ? 100ms : 21ms;

class Accepting : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Accepting, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// One after another where only one at a time is served.
TEST_P(Accepting, serves_1000_connections) {
  if (std::string why = why_not_a_thousand(); !why.empty()) GTEST_SKIP() << why;
  ServerProcess server(options(), serving(echo));
  std::vector<ClientSocket> clients;
  int count = scaled(1000, 100);
  for (int i = 0; i < count; ++i) {
    ClientSocket& client = clients.emplace_back(server.address());
    ASSERT_EQ(client.exchange("hello"), "hello");
    if (model().is_one_at_a_time()) clients.clear();
  }
  for (ClientSocket& client : clients) ASSERT_EQ(client.exchange("again"), "again");
}

Options at_most(std::size_t connections, Options options) {
  options.connections_max = connections;
  return options;
}

// An echo whose peer always owes it something: no wait of it is idle.
Task<> busy_echo(Stream peer) {
  peer.expect_more(true);
  Task<> echoing = echo(std::move(peer));
  co_await std::move(echoing);
}

TEST_P(Accepting, keeps_more_than_the_permitted_connections_waiting) {
  std::size_t permitted = model().is_one_at_a_time() ? 1 : 2;
  ServerProcess server(at_most(2, options()), serving(busy_echo));
  std::vector<ClientSocket> clients;
  for (std::size_t i = 0; i < permitted; ++i)
    EXPECT_EQ(clients.emplace_back(server.address()).exchange("x"), "x");
  ClientSocket last(server.address());
  last.send("x");
  EXPECT_FALSE(last.is_answered_within(100ms));
  for (ClientSocket& client : clients) EXPECT_EQ(client.exchange("again"), "again");
  clients.front().close();
  EXPECT_EQ(last.receive(1), "x");
}

TEST_P(Accepting, ends_an_idle_connection_for_a_new_one) {
  ServerProcess server(at_most(1, options()), serving(echo));
  for (int i = 0; i < 3; ++i) {
    ClientSocket first(server.address());
    EXPECT_EQ(first.exchange("x"), "x");
    ClientSocket second(server.address());
    EXPECT_EQ(second.exchange("y"), "y");
    EXPECT_EQ(first.receive_rest(), "");
  }
}

// Who is idle can be seen only where connections share a loop.
TEST_P(Accepting, ends_the_connection_that_is_idle_longest) {
  if (!model().has_workers())
    GTEST_SKIP() << refused("connections on loops of their own do not know who is idle longest",
                            "Accepting.ends_an_idle_connection_for_a_new_one");
  ServerProcess server(at_most(3, options()), serving(echo));
  std::vector<ClientSocket> clients;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(clients.emplace_back(server.address()).exchange("x"), "x");
  EXPECT_EQ(clients[0].exchange("x"), "x");
  for (int longest_idle : {1, 2, 0}) {
    EXPECT_EQ(clients.emplace_back(server.address()).exchange("x"), "x");
    EXPECT_EQ(clients[longest_idle].receive_rest(), "");
  }
  for (int i = 3; i < 6; ++i) EXPECT_EQ(clients[i].exchange("again"), "again");
}

TEST_P(Accepting, finds_the_idle_one_among_many_that_are_busy) {
  int permitted = model().is_one_at_a_time() ? 1 : 40;
  ServerProcess server(at_most(40, options()), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), busy_echo);
    runtime.serve(Address::loopback(0), echo);
  });
  std::vector<ClientSocket> busy;
  for (int i = 1; i < permitted; ++i)
    EXPECT_EQ(busy.emplace_back(server.address(0)).exchange("x"), "x");
  ClientSocket idle(server.address(1));
  EXPECT_EQ(idle.exchange("x"), "x");
  ClientSocket late(server.address(0));
  EXPECT_EQ(late.exchange("x"), "x");
  EXPECT_EQ(idle.receive_rest(), "");
  for (ClientSocket& client : busy) EXPECT_EQ(client.exchange("again"), "again");
}

TEST_P(Accepting, closes_what_waits_for_room_when_it_drains) {
  ServerProcess server(at_most(1, options()), serving(busy_echo));
  ClientSocket first(server.address());
  EXPECT_EQ(first.exchange("x"), "x");
  ClientSocket second(server.address());
  EXPECT_FALSE(second.is_answered_within(50ms));
  server.drain();
  EXPECT_EQ(second.receive_rest(), "");
  EXPECT_EQ(first.exchange("again"), "again");
  first.close();
  server.stop();
}

// Holds its thread up until another has come, as a handler that computes for long.
Task<> meet(Stream peer, std::atomic<int>* arrived) {
  ++*arrived;
  while (*arrived < 2) std::this_thread::sleep_for(1ms);
  co_await peer.write_all(bytes_of("met"));
}

// Workers share the one socket: under signal, too, where its signals would go to one of them.
TEST_P(Accepting, goes_on_at_a_unix_socket_while_a_worker_computes) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  SharedMemory<std::atomic<int>> arrived;
  Options two = options();
  if (model().has_workers() || model().has_pool()) two.workers = 2;
  std::string path = testing::TempDir() + "duet_meet_" + std::to_string(::getpid());
  ServerProcess server(
      two, [&](Runtime& runtime) { runtime.serve("unix:" + path, meet, arrived.get()); });
  ClientSocket first(server.address());
  while (*arrived.get() == 0) std::this_thread::sleep_for(1ms);
  ClientSocket second(server.address());
  EXPECT_EQ(second.receive_rest(), "met");
  EXPECT_EQ(first.receive_rest(), "met");
}

// Two services of a worker have a newcomer waiting each: a child that is forked for the one must
// not keep the other's connection open.
TEST_P(Accepting, ends_a_connection_that_waited_beside_another) {
  if (model().is_one_at_a_time())
    GTEST_SKIP() << refused("one connection at a time",
                            "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  ServerProcess server(at_most(2, options()), [](Runtime& runtime) {
    runtime.serve(Address::loopback(0), busy_echo);
    runtime.serve(Address::loopback(0), send_pattern, std::size_t{10});
  });
  ClientSocket first(server.address(0)), second(server.address(0));
  EXPECT_EQ(first.exchange("x"), "x");
  EXPECT_EQ(second.exchange("x"), "x");
  ClientSocket other(server.address(0)), ends_soon(server.address(1));
  EXPECT_FALSE(ends_soon.is_answered_within(50ms));
  first.close();
  EXPECT_EQ(other.exchange("x"), "x");
  second.close();
  EXPECT_EQ(ends_soon.receive_rest(), pattern(10));
}

// CLOEXEC: a program that a handler starts inherits no connection, listener or engine.
TEST_P(Accepting, keeps_its_descriptors_from_other_programs) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  std::vector<pid_t> processes = children_of(server.process());
  processes.push_back(server.process());
  for (pid_t process : processes) EXPECT_EQ(inheritable_sockets_of(process), std::vector<int>());
}

// Lets the process have no descriptor more than those it has; `limit` keeps what it could have.
void take_free_descriptors(pid_t process, rlimit& limit) {
  std::vector<int> numbers = descriptors_of(process);
  rlim_t lowest_free = 0;
  while (std::ranges::binary_search(numbers, static_cast<int>(lowest_free))) ++lowest_free;
  ASSERT_EQ(::prlimit(process, RLIMIT_NOFILE, nullptr, &limit), 0);
  rlimit none = {.rlim_cur = lowest_free, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::prlimit(process, RLIMIT_NOFILE, &none, nullptr), 0);
}

// A sanitizer that meets a type for the first time looks at it through a pipe, for which there will
// be no descriptors. So one connection comes and goes before, and one error.
void serve_one_before(const ServerProcess& server, const ModelCase& model) {
  std::size_t without = descriptors_of(server.process()).size();
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  client.close();
  EXPECT_TRUE(eventually([&] {  // the helper thread's were there before, or are by now
    std::size_t count = descriptors_of(server.process()).size();
    return count == without || count == without + model.helper_descriptors();
  }));
}

void show_to_sanitizer(Log& log) {
  sys::QuietThread([] {});  // as the selector of the model signal has one
  log.info("{}", std::error_code(EMFILE, std::system_category()).message());
}

TEST_P(Accepting, connections_that_wait_use_a_processor_only_if_they_spin) {
  ServerProcess server(options(), serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  Duration before = cpu_time_of(server.process());
  if (model().spins()) {
    EXPECT_TRUE(eventually([&] { return cpu_time_of(server.process()) - before > 100ms; }));
  } else {
    EXPECT_FALSE(client.is_answered_within(300ms));
    EXPECT_LT(cpu_time_of(server.process()) - before, hardly_any);
  }
  EXPECT_EQ(client.exchange("y"), "y");
}

// Of those that have a loop for each connection none spins when there is none.
TEST_P(Accepting, a_server_without_connections_uses_a_processor_only_if_its_worker_spins) {
  ServerProcess server(options(), serving(echo));
  Duration before = cpu_time_of(server.process());
  if (model().spins() && model().has_workers()) {
    EXPECT_TRUE(eventually([&] { return cpu_time_of(server.process()) - before > 100ms; }));
  } else {
    std::this_thread::sleep_for(300ms);
    EXPECT_LT(cpu_time_of(server.process()) - before, hardly_any);
  }
}

TEST_P(Accepting, neither_spins_nor_gives_up_when_it_has_no_descriptor_left) {
  ServerProcess server(options(), [](Runtime& runtime) {
    Log silent(Log::Level::off);
    show_to_sanitizer(silent);
    runtime.serve(Address::loopback(0), echo);
  });
  serve_one_before(server, model());
  rlimit limit{};
  take_free_descriptors(server.process(), limit);
  ClientSocket first(server.address());   // accepted, if the ring had been asked for it before
  ClientSocket client(server.address());  // by the kernel, into the backlog
  client.send("x");
  Duration before = cpu_time_of(server.process());
  EXPECT_FALSE(client.is_answered_within(500ms));
  if (!model().spins()) {
    EXPECT_LT(cpu_time_of(server.process()) - before, 100ms);
  }
  EXPECT_EQ(::prlimit(server.process(), RLIMIT_NOFILE, &limit, nullptr), 0);
  EXPECT_EQ(client.receive(1), "x");
  server.stop();
  EXPECT_NE(server.log().find("cannot accept on " + server.address().text()), std::string::npos)
      << server.log();
}

}  // namespace
}  // namespace duet::test
