// Descriptors and their modes.

#include <fcntl.h>
#include <sys/socket.h>

#include <utility>

#include <gtest/gtest.h>

#include "sys/event_fd.hpp"
#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace {

int interrupted_closes = 0;  // those that are to be answered so
int closes = 0;

}  // namespace

// What this program calls close(2); see the linker's --wrap.
extern "C" int __real_close(int descriptor);   // NOLINT(bugprone-reserved-identifier)
extern "C" int __wrap_close(int descriptor) {  // NOLINT(bugprone-reserved-identifier)
  ++closes;
  const int result = __real_close(descriptor);
  if (interrupted_closes == 0) return result;
  --interrupted_closes;
  errno = EINTR;  // as Linux does it: the descriptor is closed all the same
  return -1;
}

namespace duet::sys {
namespace {

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

TEST(Fd, closes_its_descriptor_at_the_end) {
  int number = -1;
  {
    EventFd event;
    number = event.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

// By then the number may be somebody else's.
TEST(Fd, is_closed_once_even_if_a_signal_interrupts_that) {
  Fd descriptor(::dup(0));
  const int number = descriptor.get();
  interrupted_closes = 1;
  closes = 0;
  descriptor.close();
  EXPECT_EQ(interrupted_closes, 0);
  EXPECT_EQ(closes, 1);
  const Fd next(::dup(0));
  EXPECT_EQ(next.get(), number);
  descriptor.close();
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, has_one_owner) {
  Fd first(::dup(0));
  int number = first.get();
  Fd second = std::move(first);
  EXPECT_EQ(second.get(), number);
  Fd third(::dup(0));
  int closed = third.get();
  third = std::move(second);
  EXPECT_FALSE(is_open(closed));
  EXPECT_EQ(third.give_up(), number);
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

TEST(SetMode, tells_the_mode_that_was) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Fd reader(ends[0]), writer(ends[1]);
  EXPECT_EQ(set_mode(reader.get(), Mode::nonblocking), static_cast<int>(Mode::blocking));
  EXPECT_NE(::fcntl(reader.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(set_mode(reader.get(), Mode::nonblocking), static_cast<int>(Mode::nonblocking));
  EXPECT_EQ(set_mode(reader.get(), Mode::blocking), static_cast<int>(Mode::nonblocking));
  EXPECT_EQ(::fcntl(reader.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(SetMode, refuses_a_descriptor_that_is_closed) {
  EXPECT_EQ(set_mode(-1, Mode::nonblocking), -EBADF);
}

TEST(OpenSocket, is_closed_on_exec) {
  Fd socket(static_cast<int>(open_socket(Address::Family::ip4)));
  EXPECT_EQ(::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(Send, gives_an_error_and_no_signal_when_the_peer_is_gone) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Fd one(pair[0]);
  ::close(pair[1]);
  std::byte byte{};
  EXPECT_EQ(send_interruptible(one.get(), std::span(&byte, 1), Mode::blocking), -EPIPE);
}

}  // namespace
}  // namespace duet::sys
