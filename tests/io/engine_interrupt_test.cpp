// Signal handlers that interrupt what an engine waits in, on every engine: the wait goes on, and
// what it said before is not said again.

#include <array>
#include <thread>

#include "duet/sys/address.hpp"
#include "io/engine_test.hpp"
#include "io/interrupter.hpp"
#include "sys/socket.hpp"

namespace duet::io {
namespace {

using namespace std::chrono_literals;
using test::Counted;

class EngineInterrupted : public test::EngineTest {
 private:
  test::Interrupter interrupter_;
};

INSTANTIATE_TEST_SUITE_P(engines, EngineInterrupted, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

// A wait that is interrupted when its time is over has found nothing: what lies in the engine's
// memory is what an earlier wait has found.
TEST_P(EngineInterrupted, a_reap_that_ends_at_its_deadline_repeats_no_earlier_report) {
  Pair pair = make_pair();
  for (int round = 0; round < 50; ++round) {
    std::array<std::byte, 8> buffer;
    Counted<Receive> first(pair.handle, buffer, false);
    ASSERT_TRUE(submit(first));
    engine_->reap(past);
    write_to(pair.peer, "x");
    complete(first);
    Counted<Receive> second(pair.handle, buffer, false);
    ASSERT_TRUE(submit(second));
    TimePoint deadline = Clock::now() + 200us;
    while (Clock::now() < deadline) engine_->reap(deadline);
    run_completed();
    EXPECT_EQ(first.completions, 1);
    ASSERT_EQ(second.completions, 0) << "a report of the wait before";
    engine_->cancel(second, Ending::cancelled);
    complete(second);
    EXPECT_EQ(second.ending, Ending::cancelled);
  }
  release(pair.handle);
}

TEST_P(EngineInterrupted, a_receive_and_a_send_go_on) {
  Pair pair = make_pair();
  std::array<std::byte, 8> buffer;
  for (int round = 0; round < 20; ++round) {
    Counted<Receive> receive(pair.handle, buffer, true);
    std::jthread writer([&] {
      for (std::size_t i = 0; i < buffer.size(); ++i) {
        std::this_thread::sleep_for(200us);
        write_to(pair.peer, "x");
      }
    });
    submit(receive);
    complete(receive);
    EXPECT_EQ(receive.result, 8);
  }
  release(pair.handle);
}

TEST_P(EngineInterrupted, an_accept_goes_on) {
  sys::Fd listener(static_cast<int>(sys::open_socket(Address::Family::ip4)));
  ASSERT_EQ(sys::bind(listener.get(), Address::loopback(0)), 0);
  ASSERT_EQ(sys::listen(listener.get(), 16), 0);
  sys::SocketAddress name;
  ASSERT_EQ(sys::local_name(listener.get(), name), 0);
  Handle handle = engine_->adopt(listener.give_up(), HandleKind::listener);
  for (int round = 0; round < 20; ++round) {
    Counted<Accept> accept(handle);
    submit(accept);
    sys::Fd client(static_cast<int>(sys::open_socket(Address::Family::ip4)));
    std::jthread connector([&] {
      std::this_thread::sleep_for(1ms);
      EXPECT_EQ(sys::connect_interruptible(client.get(), name), 0);
    });
    complete(accept);
    sys::Fd accepted(static_cast<int>(accept.result));
    EXPECT_GE(accept.result, 0);
  }
  release(handle);
}

// A connect to a Unix socket that was interrupted has not begun, and is called again; to do so
// would be wrong for TCP. An engine that does not wait in the call is told EAGAIN here.
TEST_P(EngineInterrupted, a_connect_to_a_full_backlog_goes_on) {
  std::string path = ::testing::TempDir() + "duet-full-" + std::to_string(::getpid()) + ".sock";
  ::unlink(path.c_str());
  Address address = Address::local(path);
  sys::Fd listener(static_cast<int>(sys::open_socket(Address::Family::local)));
  ASSERT_EQ(sys::bind(listener.get(), address), 0);
  ASSERT_EQ(sys::listen(listener.get(), 0), 0);
  sys::Fd first(static_cast<int>(sys::open_socket(Address::Family::local)));
  ASSERT_EQ(sys::connect_interruptible(first.get(), sys::SocketAddress(address)), 0);
  Handle handle = engine_->adopt(static_cast<int>(sys::open_socket(Address::Family::local)),
                                 HandleKind::local_stream);
  Counted<Connect> connect(handle, address);
  submit(connect);
  std::jthread acceptor([&] {
    std::this_thread::sleep_for(3ms);
    sys::Fd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_GE(accepted.get(), 0);
  });
  complete(connect);
  EXPECT_TRUE(connect.result == 0 || connect.result == -EAGAIN) << connect.result;
  if (waits_in_calls()) {
    EXPECT_EQ(connect.result, 0);
  }
  acceptor.join();
  release(handle);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace duet::io
