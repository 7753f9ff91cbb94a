// Many connections, more than are permitted, and more than there are descriptors for.

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "conformance/handlers.hpp"
#include "support/model_test.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class Accepting : public ModelTest {};
INSTANTIATE_TEST_SUITE_P(, Accepting, testing::ValuesIn(model_cases()), name_of<ModelCase>);

// One after another where only one at a time is served.
TEST_P(Accepting, serves_1000_connections) {
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

TEST_P(Accepting, keeps_more_than_the_permitted_connections_waiting) {
  Options two = options();
  two.connections_max = 2;
  ServerProcess server(two, serving(echo));
  ClientSocket first(server.address());
  EXPECT_EQ(first.exchange("x"), "x");
  if (model().is_one_at_a_time()) first.close();
  ClientSocket second(server.address());
  EXPECT_EQ(second.exchange("x"), "x");
  if (model().is_one_at_a_time()) return;  // its limit is 1, whatever is permitted
  ClientSocket third(server.address());
  third.send("x");
  EXPECT_FALSE(third.is_answered_within(100ms));
  first.close();
  EXPECT_EQ(third.receive(1), "x");
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
void serve_one_before(const ServerProcess& server) {
  std::vector<int> without = descriptors_of(server.process());
  ClientSocket client(server.address());
  EXPECT_EQ(client.exchange("x"), "x");
  client.close();
  EXPECT_TRUE(eventually([&] { return descriptors_of(server.process()) == without; }));
}

void show_to_sanitizer(Log& log) {
  log.info("{}", std::error_code(EMFILE, std::system_category()).message());
}

TEST_P(Accepting, neither_spins_nor_gives_up_when_it_has_no_descriptor_left) {
  ServerProcess server(options(), [](Runtime& runtime) {
    Log silent(Log::Level::off);
    show_to_sanitizer(silent);
    runtime.serve(Address::loopback(0), echo);
  });
  serve_one_before(server);
  rlimit limit{};
  take_free_descriptors(server.process(), limit);
  ClientSocket first(server.address());   // accepted, if the ring had been asked for it before
  ClientSocket client(server.address());  // by the kernel, into the backlog
  client.send("x");
  Duration before = cpu_time_of(server.process());
  EXPECT_FALSE(client.is_answered_within(500ms));
  EXPECT_LT(cpu_time_of(server.process()) - before, 100ms);
  EXPECT_EQ(::prlimit(server.process(), RLIMIT_NOFILE, &limit, nullptr), 0);
  EXPECT_EQ(client.receive(1), "x");
  server.stop();
  EXPECT_NE(server.log().find("cannot accept on " + server.address().text()), std::string::npos)
      << server.log();
}

}  // namespace
}  // namespace duet::test
