#include "duet/net/listener.hpp"

#include <unistd.h>

#include <string>

#include "net/net_fixture.hpp"

namespace duet {
namespace {

using std::chrono::milliseconds;

class ListenerTest : public test::NetTest {};

INSTANTIATE_TEST_SUITE_P(engines, ListenerTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(ListenerTest, chooses_a_free_port_and_tells_it) {
  run([]() -> Task<> {
    Listener first(Address::loopback(0));
    Listener second(Address::loopback(0));
    EXPECT_NE(first.local().port, 0);
    EXPECT_NE(first.local().port, second.local().port);
    co_return;
  });
}

TEST_P(ListenerTest, refuses_an_address_that_is_taken) {
  run([]() -> Task<> {
    Listener first(Address::loopback(0));
    Address address = first.local();
    std::string text;
    try {
      Listener second(address);
    } catch (const IoError& error) {
      text = error.what();
    }
    EXPECT_NE(text.find(address.text() + ": Address already in use"), std::string::npos) << text;
    co_return;
  });
}

TEST_P(ListenerTest, listens_again_while_old_connections_linger) {
  run([]() -> Task<> {
    Address address;
    {
      Listener listener(Address::loopback(0));
      address = listener.local();
      test::StreamPair pair = co_await test::connect_pair(listener);
      pair.peer.close();  // ours lingers
    }
    Listener again(address);
    EXPECT_EQ(again.local(), address);
  });
}

TEST_P(ListenerTest, accepts_on_a_unix_socket_and_on_an_abstract_name) {
  run([]() -> Task<> {
    std::string path = ::testing::TempDir() + "duet-listener-" + std::to_string(::getpid());
    ::unlink(path.c_str());
    std::string name = "unix:@duet-listener-" + std::to_string(::getpid());
    for (const Address& address : {Address::local(path), *Address::parse(name)}) {
      Listener listener(address);
      EXPECT_EQ(listener.local(), address);
      test::StreamPair pair = co_await test::connect_pair(listener);
      std::byte byte{1};
      co_await pair.ours.write_all(std::span(&byte, 1));
      std::size_t count = co_await pair.peer.read_some(std::span(&byte, 1));
      EXPECT_EQ(count, 1U);
    }
    ::unlink(path.c_str());
  });
}

TEST_P(ListenerTest, close_ends_an_accept_that_waits) {
  run([]() -> Task<> {
    Listener listener(Address::loopback(0));
    std::error_code error;
    auto accepter = [&]() -> Task<> {
      auto result = co_await as_expected(listener.accept());
      if (!result) error = result.error();
    };
    auto closer = [&]() -> Task<> {
      co_await sleep_for(milliseconds(1));
      listener.close();
    };
    Task<> accepting = test::owned(accepter);
    Task<> closing = test::owned(closer);
    co_await all(std::move(accepting), std::move(closing));
    EXPECT_EQ(error, Errc::closed);
  });
}

TEST_P(ListenerTest, an_accept_has_a_deadline) {
  run([]() -> Task<> {
    Listener listener(Address::loopback(0));
    auto result = co_await as_expected(listener.accept().within(milliseconds(2)));
    EXPECT_EQ(result.error(), Errc::timed_out);
    test::StreamPair pair = co_await test::connect_pair(listener);
  });
}

TEST_P(ListenerTest, may_be_made_before_the_loop_runs_and_end_after_it) {
  Listener listener(*loop_, Address::loopback(0));
  run([&]() -> Task<> { test::StreamPair pair = co_await test::connect_pair(listener); });
  EXPECT_EQ(loop_->census().handles, 1U);
}

}  // namespace
}  // namespace duet
