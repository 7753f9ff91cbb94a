// What goes wrong with one connection is logged with its peer's address and hurts no other.

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"
#include "support/sanitizer.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

Task<> send_without_end(Stream peer) {
  std::string bytes = pattern(65536);
  for (;;) co_await peer.write_all(bytes_of(bytes));
}

Task<> throw_error(Stream peer) {
  std::array<std::byte, 1> byte;
  co_await peer.read_exact(byte);
  throw std::runtime_error("a mistake of the handler");
}

Task<> throw_number(Stream peer) {
  std::array<std::byte, 1> byte;
  co_await peer.read_exact(byte);
  throw 42;
}

Task<> crash(Stream peer) {
  std::array<std::byte, 1> byte;
  co_await peer.read_exact(byte);
  ::kill(::getpid(), SIGKILL);  // a signal that no sanitizer takes for its own
}

// The handler to be shown, and an echo for those whom it must not hurt.
template <class Handler>
ServerProcess::Serve beside_echo(Handler handler) {
  return [=](Runtime& runtime) {
    runtime.serve(Address::loopback(0), handler);
    runtime.serve(Address::loopback(0), echo);
  };
}

class Isolation : public ModelTest {
 protected:
  void TearDown() override {
    bystander_.reset();
    ModelTest::TearDown();
  }

  // A connection that is there during another's failure; under `single` there is none before.
  void connect_bystander(const ServerProcess& server) {
    if (model().is_one_at_a_time()) return;
    bystander_.emplace(server.address(1));
    EXPECT_EQ(bystander_->exchange("before"), "before");
  }
  void expect_bystander_served(const ServerProcess& server) {
    if (!bystander_) bystander_.emplace(server.address(1));
    EXPECT_EQ(bystander_->exchange("after"), "after");
    bystander_.reset();
  }
  static void expect_log(const ServerProcess& server, const std::string& text) {
    EXPECT_NE(server.log().find(text), std::string::npos) << "not '" << text << "' but\n"
                                                          << server.log();
  }

 private:
  std::optional<ClientSocket> bystander_;
};
INSTANTIATE_TEST_SUITE_P(, Isolation, testing::ValuesIn(model_cases()), name_of<ModelCase>);

TEST_P(Isolation, keeps_a_reset_in_mid_write_to_its_connection) {
  ServerProcess server(options(), beside_echo(send_without_end));
  connect_bystander(server);
  ClientSocket client(server.address());
  std::string name = client.local().text();
  client.receive(100'000);
  client.reset();
  expect_bystander_served(server);
  server.stop();
  expect_log(server, "connection of " + name + " ended: send to " + name + ": ");
}

TEST_P(Isolation, keeps_a_reset_in_mid_read_to_its_connection) {
  ServerProcess server(options(), beside_echo(echo));
  connect_bystander(server);
  ClientSocket client(server.address());
  std::string name = client.local().text();
  EXPECT_EQ(client.exchange("x"), "x");
  client.reset();
  expect_bystander_served(server);
  server.stop();
  expect_log(server, "connection of " + name + " ended: receive from " + name +
                         ": Connection reset by peer");
}

TEST_P(Isolation, keeps_an_exception_to_its_connection) {
  ServerProcess server(options(), beside_echo(throw_error));
  connect_bystander(server);
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive_rest(), "");
  expect_bystander_served(server);
  server.stop();
  expect_log(server, "connection of " + client.local().text() + " ended: a mistake of the handler");
}

TEST_P(Isolation, keeps_an_exception_of_any_type_to_its_connection) {
  ServerProcess server(options(), beside_echo(throw_number));
  connect_bystander(server);
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive_rest(), "");
  expect_bystander_served(server);
  server.stop();
  expect_log(server,
             "connection of " + client.local().text() + " ended: an exception of unknown type");
}

TEST_P(Isolation, keeps_a_crash_to_its_connection) {
  if (!model().forks())
    GTEST_SKIP() << refused("only a process of its own keeps a crash from the others",
                            "Isolation.a_crash_ends_the_process_that_serves_the_connection");
  ServerProcess server(options(), beside_echo(crash));
  connect_bystander(server);
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive_rest(), "");
  expect_bystander_served(server);
  server.stop();
  expect_log(server, "of the connection of " + client.local().text() + " was killed by signal 9");
}

// Which is the server's, unless the connection has its own.
TEST_P(Isolation, a_crash_ends_the_process_that_serves_the_connection) {
  ServerProcess server(options(), beside_echo(crash));
  ClientSocket client(server.address());
  client.send("x");
  EXPECT_EQ(client.receive_rest(), "");
  if (model().forks()) {
    EXPECT_TRUE(eventually([&] { return children_of(server.process()).empty(); }));
    return;
  }
  int status = server.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

// A process that forks must have no other thread: the child would have only the one that forked.
TEST_P(Isolation, has_threads_only_where_connections_have_them) {
  if (has_thread_sanitizer) GTEST_SKIP() << not_here("ThreadSanitizer has threads of its own");
  Options runs = options();
  if (model().has_pool()) runs.workers = 3;
  ServerProcess server(runs, serving(echo));
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  std::size_t others = model().has_pool() ? 3 : model().has_threads() ? 1 : 0;
  EXPECT_EQ(threads_of(server.process()).size(), 1 + others + model().helper_threads());
}

// Both are accepted in one turn of the loop. A process forked for one of them used to inherit the
// other, which then stayed open for the peer after its own process had ended.
TEST_P(Isolation, ends_a_connection_although_one_that_came_with_it_goes_on) {
  ServerProcess server(options(), beside_echo(count_bytes));
  ::kill(server.process(), SIGSTOP);
  ClientSocket ending(server.address(0));
  ending.send_and_finish("1234");
  ClientSocket staying(server.address(1));
  ::kill(server.process(), SIGCONT);
  EXPECT_EQ(ending.receive_rest(), "4");
  if (!model().is_one_at_a_time()) {
    EXPECT_EQ(staying.exchange("x"), "x");
  }
}

TEST_P(Isolation, reaps_the_process_of_a_connection) {
  ServerProcess server(options(), serving(echo));
  for (int i = 0; i < scaled(50, 5); ++i) {
    ClientSocket client(server.address());
    EXPECT_EQ(client.exchange("x"), "x");
    EXPECT_EQ(children_of(server.process()).size() - zombies_of(server.process()),
              model().forks() ? 1U : 0U);
    client.close();
    ASSERT_TRUE(eventually([&] { return children_of(server.process()).empty(); }));
  }
}

}  // namespace
}  // namespace duet::test
