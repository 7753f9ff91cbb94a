// Accept and connect on every engine.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <optional>
#include <thread>

#include "duet/base/error.hpp"
#include "duet/sys/address.hpp"
#include "io/engine_test.hpp"
#include "support/skip_reason.hpp"
#include "support/unreachable_socket.hpp"
#include "sys/socket.hpp"

namespace duet::io {
namespace {

using test::Counted;

class EngineSockets : public test::EngineTest {
 protected:
  static sys::Fd listen_on(const Address& address, int backlog = 16) {
    sys::Fd listener(static_cast<int>(sys::open_socket(address.family)));
    EXPECT_EQ(sys::bind(listener.get(), address), 0);
    EXPECT_EQ(sys::listen(listener.get(), backlog), 0);
    return listener;
  }

  static Address name_of(int socket) {
    sys::SocketAddress name;
    EXPECT_EQ(sys::local_name(socket, name), 0);
    return name.value();
  }

  static sys::Fd connect_to(const Address& address) {
    sys::Fd client(static_cast<int>(sys::open_socket(address.family)));
    EXPECT_EQ(sys::connect_interruptible(client.get(), sys::SocketAddress(address)), 0);
    return client;
  }

  std::int64_t result_of_connect(Handle handle, const Address& address) {
    Counted<Connect> connect(handle, address);
    submit(connect);
    complete(connect);
    return connect.result;
  }

  // Until the kernel neither accepts nor refuses one more.
  static std::vector<sys::Fd> fill_backlog(const Address& address) {
    std::vector<sys::Fd> clients;
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back(static_cast<int>(sys::open_socket(address.family)));
      sys::set_mode(clients.back().get(), sys::Mode::nonblocking);
      sys::connect_interruptible(clients.back().get(), sys::SocketAddress(address));
    }
    return clients;
  }

  Handle open_socket(Address::Family family) {
    Counted<OpenSocket> open(family);
    EXPECT_FALSE(submit(open));
    return engine_->adopt(static_cast<int>(open.result), family == Address::Family::local
                                                             ? HandleKind::local_stream
                                                             : HandleKind::tcp);
  }

  std::string temporary_path() {
    std::string name = ::testing::TempDir() + "duet-" + std::to_string(::getpid()) + "-" +
                       std::to_string(++paths_) + ".sock";
    ::unlink(name.c_str());
    return name;
  }

 private:
  int paths_ = 0;
};

INSTANTIATE_TEST_SUITE_P(engines, EngineSockets, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineSockets, accepts_under_each_family_and_tells_the_peer) {
  std::string path = temporary_path();
  const Address addresses[] = {Address::loopback(0), *Address::parse("[::1]:0"),
                               Address::local(path),
                               *Address::parse("unix:@duet-" + std::to_string(::getpid()))};
  for (const Address& wanted : addresses) {
    sys::Fd listener = listen_on(wanted);
    Address address = name_of(listener.get());
    Handle handle = engine_->adopt(listener.give_up(), HandleKind::listener);
    Counted<Accept> accept(handle);
    ASSERT_TRUE(submit(accept));
    settle();
    sys::Fd client = connect_to(address);
    complete(accept);
    sys::Fd accepted(static_cast<int>(accept.result));
    ASSERT_TRUE(accepted) << address.text();
    bool is_local = wanted.family == Address::Family::local;
    EXPECT_EQ(accept.peer, is_local ? accept.peer : name_of(client.get()));
    EXPECT_EQ(::fcntl(accepted.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    release(handle);
  }
  ::unlink(path.c_str());
}

TEST_P(EngineSockets, accepts_all_that_came_before) {
  sys::Fd listener = listen_on(Address::loopback(0));
  Address address = name_of(listener.get());
  std::vector<sys::Fd> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(connect_to(address));
  Handle handle = engine_->adopt(listener.give_up(), HandleKind::listener);
  for (int i = 0; i < 10; ++i) {
    Counted<Accept> accept(handle);
    submit(accept);
    complete(accept);
    EXPECT_GE(accept.result, 0);
    ::close(static_cast<int>(accept.result));
  }
  release(handle);
}

TEST_P(EngineSockets, a_pending_accept_ends_by_cancel_and_by_release) {
  sys::Fd listener = listen_on(Address::loopback(0));
  Handle handle = engine_->adopt(listener.give_up(), HandleKind::listener);
  Counted<Accept> first(handle), second(handle);
  ASSERT_TRUE(submit(first));
  settle();
  engine_->cancel(first, Ending::cancelled);
  complete(first);
  EXPECT_EQ(first.ending, Ending::cancelled);
  ASSERT_TRUE(submit(second));
  settle();
  release(handle);
  EXPECT_EQ(second.ending, Ending::closed);
}

// A connection that was accepted at the moment of the cancel belongs to somebody: either the
// operation has it, or it is in the backlog still.
TEST_P(EngineSockets, no_connection_is_lost_when_cancel_and_accept_race) {
  sys::Fd listener = listen_on(Address::loopback(0), 4096);
  Address address = name_of(listener.get());
  Handle handle = engine_->adopt(listener.give_up(), HandleKind::listener);
  const int rounds = test::rounds(1000);
  std::thread clients([&] {
    for (int i = 0; i < rounds; ++i) connect_to(address);
  });
  int accepted = 0;
  TimePoint limit = Clock::now() + patience;
  while (accepted < rounds && Clock::now() < limit) {
    Counted<Accept> accept(handle);
    if (submit(accept)) {
      engine_->reap(past);
      engine_->cancel(accept, Ending::cancelled);
      complete(accept);
    }
    ASSERT_EQ(accept.completions, 1);
    if (accept.ending != Ending::none) continue;
    ASSERT_GE(accept.result, 0);
    ::close(static_cast<int>(accept.result));
    ++accepted;
  }
  clients.join();
  EXPECT_EQ(accepted, rounds);
  release(handle);
}

TEST_P(EngineSockets, connects_and_is_connected) {
  sys::Fd listener = listen_on(Address::loopback(0));
  Address address = name_of(listener.get());
  Handle handle = open_socket(Address::Family::ip4);
  EXPECT_EQ(result_of_connect(handle, address), 0);
  write_to(sys::Fd(::accept(listener.get(), nullptr, nullptr)), "hi");
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(handle, buffer, false);
  submit(receive);
  complete(receive);
  EXPECT_EQ(receive.result, 2);
  release(handle);
}

TEST_P(EngineSockets, a_port_without_a_listener_refuses) {
  sys::Fd bound(static_cast<int>(sys::open_socket(Address::Family::ip4)));
  ASSERT_EQ(sys::bind(bound.get(), Address::loopback(0)), 0);
  Address address = name_of(bound.get());
  Handle handle = open_socket(Address::Family::ip4);
  EXPECT_EQ(result_of_connect(handle, address), -ECONNREFUSED);
  release(handle);
}

TEST_P(EngineSockets, a_host_that_cannot_be_reached_is_an_error) {
  std::optional<test::UnreachableSocket> made;
  try {
    made = test::make_unreachable_socket();
  } catch (const IoError& refusal) {
    GTEST_SKIP() << test::not_here(refusal.what());
  }
  Handle handle = engine_->adopt(made->socket.give_up(), HandleKind::tcp);
  EXPECT_EQ(result_of_connect(handle, made->host), -EHOSTUNREACH);
  release(handle);
}

// A full backlog drops what it cannot take; the kernel is told to try no more than twice, which
// takes three seconds.
TEST_P(EngineSockets, a_host_that_does_not_answer_is_an_error) {
  sys::Fd listener = listen_on(Address::loopback(0), 0);
  Address address = name_of(listener.get());
  std::vector<sys::Fd> clients = fill_backlog(address);
  sys::Fd socket(static_cast<int>(sys::open_socket(Address::Family::ip4)));
  const int again = 1;
  ASSERT_EQ(::setsockopt(socket.get(), IPPROTO_TCP, TCP_SYNCNT, &again, sizeof again), 0);
  Handle handle = engine_->adopt(socket.give_up(), HandleKind::tcp);
  EXPECT_EQ(result_of_connect(handle, address), -ETIMEDOUT);
  release(handle);
}

TEST_P(EngineSockets, a_path_without_a_socket_is_not_there) {
  Address address = Address::local(temporary_path());
  Handle handle = open_socket(Address::Family::local);
  EXPECT_EQ(result_of_connect(handle, address), -ENOENT);
  release(handle);
}

// With a full backlog TCP drops the handshake, so that the connect stays pending.
TEST_P(EngineSockets, a_pending_connect_ends_by_cancel_and_by_release) {
  sys::Fd listener = listen_on(Address::loopback(0), 0);
  Address address = name_of(listener.get());
  std::vector<sys::Fd> clients = fill_backlog(address);
  for (bool by_release : {false, true}) {
    Handle handle = open_socket(Address::Family::ip4);
    Counted<Connect> connect(handle, address);
    ASSERT_TRUE(submit(connect));
    if (waits_in_calls()) {
      engine_->reap(Clock::now() + std::chrono::milliseconds(5));
    } else {
      settle();
    }
    ASSERT_EQ(connect.completions, 0);
    if (!by_release) engine_->cancel(connect, Ending::timed_out);
    release(handle);
    complete(connect);
    EXPECT_EQ(connect.ending, by_release ? Ending::closed : Ending::timed_out);
    EXPECT_EQ(connect.completions, 1);
  }
}

// A connect to a Unix socket with a full backlog: the kernel has no readiness to wait for, so an
// engine either waits in the call or gives EAGAIN at once. It neither hangs nor spins.
TEST_P(EngineSockets, a_full_local_backlog_is_waited_for_or_reported) {
  Address address = Address::local(temporary_path());
  sys::Fd listener = listen_on(address, 0);
  std::vector<sys::Fd> clients = fill_backlog(address);
  Handle handle = open_socket(Address::Family::local);
  Counted<Connect> connect(handle, address);
  submit(connect);
  engine_->reap(Clock::now() + std::chrono::milliseconds(5));
  run_completed();
  if (connect.completions == 0) {
    engine_->cancel(connect, Ending::timed_out);
    complete(connect);
    EXPECT_EQ(connect.ending, Ending::timed_out);
  } else {
    EXPECT_EQ(connect.result, -EAGAIN);
  }
  EXPECT_EQ(connect.completions, 1);
  release(handle);
  ::unlink(address.path().c_str());
}

TEST_P(EngineSockets, a_shutdown_ends_our_side_only) {
  Pair pair = make_pair();
  Counted<Shutdown> shutdown(pair.handle);
  EXPECT_FALSE(submit(shutdown));
  char end = 0;
  EXPECT_EQ(::recv(pair.peer.get(), &end, 1, 0), 0);
  write_to(pair.peer, "still");
  std::array<std::byte, 8> buffer;
  Counted<Receive> receive(pair.handle, buffer, false);
  submit(receive);
  complete(receive);
  EXPECT_EQ(receive.result, 5);
  release(pair.handle);
}

TEST_P(EngineSockets, immediate_operations_report_the_systems_errors) {
  Handle handle = open_socket(Address::Family::ip4);
  Address foreign = *Address::parse("192.0.2.1:1");  // TEST-NET: of no interface here
  Counted<Bind> bind(handle, foreign);
  EXPECT_FALSE(submit(bind));
  EXPECT_EQ(bind.result, -EADDRNOTAVAIL);
  Counted<Shutdown> shutdown(handle);
  EXPECT_FALSE(submit(shutdown));
  EXPECT_EQ(shutdown.result, -ENOTCONN);
  release(handle);
}

}  // namespace
}  // namespace duet::io
