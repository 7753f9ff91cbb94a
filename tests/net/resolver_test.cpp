#include "duet/net/resolver.hpp"

#include <semaphore>

#include "duet/loop/offload.hpp"
#include "net/net_fixture.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

class ResolverTest : public NetTest {
 protected:
  static Task<std::string> failure_of(Task<std::vector<Address>> task) {
    try {
      co_await std::move(task);
    } catch (const IoError& error) {
      co_return error.what();
    }
    co_return "no failure";
  }

  static Task<> expect_failure(std::string endpoint, std::string expected) {
    Task<std::vector<Address>> task = resolve(endpoint);
    std::string failure = co_await failure_of(std::move(task));
    EXPECT_EQ(failure, expected);
  }

  static Task<> expect_address(std::string endpoint, std::string expected) {
    std::vector<Address> addresses = co_await resolve(endpoint);
    EXPECT_EQ(addresses, std::vector{*Address::parse(expected)}) << endpoint;
  }
};

INSTANTIATE_TEST_SUITE_P(engines, ResolverTest, ::testing::ValuesIn(every_engine), engine_name);

TEST_P(ResolverTest, answers_an_address_with_itself) {
  run([] -> Task<> {
    co_await expect_address("192.0.2.7:80", "192.0.2.7:80");
    co_await expect_address("[2001:db8::7]:80", "[2001:db8::7]:80");
    co_await expect_address("localhost:80", "127.0.0.1:80");
    co_await expect_address("unix:/run/duet.sock", "unix:/run/duet.sock");
    std::vector<Address> addresses = co_await resolve("2001:db8::7", 80);
    EXPECT_EQ(addresses.front().text(), "[2001:db8::7]:80");
  });
}

// In capitals it is no name that we know by ourselves.
TEST_P(ResolverTest, finds_a_name_of_the_hosts_file) {
  run([] -> Task<> {
    std::vector<Address> addresses = co_await resolve("LOCALHOST:4711");
    EXPECT_TRUE(addresses.front() == Address::loopback(4711) ||
                addresses.front() == Address::parse("[::1]:4711"))
        << addresses.front().text();
  });
}

TEST_P(ResolverTest, says_which_name_is_unknown) {
  run([] -> Task<> {
    co_await expect_failure("nowhere.invalid:80",
                            "look up nowhere.invalid:80: Name or service not known");
    std::string long_part(64, 'x');
    co_await expect_failure(long_part + ".example:80",
                            "look up " + long_part + ".example:80: Name or service not known");
  });
}

TEST_P(ResolverTest, refuses_what_is_no_endpoint) {
  run([] -> Task<> {
    for (std::string text : {"name", "name:", ":", "name:65536", "name:-1", "name:80 ",
                             "256.0.0.1:80", "a b:80", "a/b:80", "[::1:80", "name.7:80"}) {
      EXPECT_FALSE(is_endpoint(text)) << text;
      co_await expect_failure(text, "look up " + text + ": Invalid argument");
    }
  });
}

TEST_P(ResolverTest, connects_by_name) {
  run([] -> Task<> {
    Listener listener(Address::loopback(0));
    Stream ours = co_await connect("LOCALHOST:" + std::to_string(listener.local().port));
    Accepted accepted = co_await listener.accept();
    Stream peer(Loop::current(), std::move(accepted));
    EXPECT_EQ(ours.peer(), listener.local());
  });
}

// Keeps a thread of the class of names, as a server of names that does not answer would.
Task<> look_up_slowly(std::counting_semaphore<>& begun, std::counting_semaphore<>& let_go) {
  auto work = offload(Work::names, [&] {
    begun.release();
    let_go.acquire();
  });
  co_await std::move(work);
}

TEST_P(ResolverTest, that_waits_for_its_turn_keeps_its_deadline) {
  if (GetParam() == "blocking")
    GTEST_SKIP() << refused("a look-up blocks the thread: none waits",
                            "OffloadTest.gives_the_result_back_on_the_loops_thread");
  run([] -> Task<> {
    std::counting_semaphore<> begun(0), let_go(0);
    Scope scope(&Loop::current().scope());
    for (unsigned i = 0; i < Work::names.threads_max; ++i)
      scope.spawn(look_up_slowly(begun, let_go));
    co_await yield();
    for (unsigned i = 0; i < Work::names.threads_max; ++i) begun.acquire();
    Task<std::vector<Address>> task = resolve("nowhere.invalid:80");
    Task<std::vector<Address>> in_time = within(std::chrono::milliseconds(1), std::move(task));
    bool is_late = false;
    try {
      co_await std::move(in_time);
    } catch (const TimedOut&) {
      is_late = true;
    }
    EXPECT_TRUE(is_late);
    let_go.release(Work::names.threads_max);
    co_await scope.join();
  });
}

}  // namespace
}  // namespace duet::test
