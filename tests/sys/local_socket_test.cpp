#include "sys/local_socket.hpp"

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace duet::sys {
namespace {

class LocalSocketTest : public ::testing::Test {
 protected:
  LocalSocketTest() { ::unlink(address_.path().c_str()); }
  ~LocalSocketTest() override { ::unlink(address_.path().c_str()); }

  Fd listen_there(int backlog) {
    Fd listener(static_cast<int>(open_socket(Address::Family::local)));
    EXPECT_EQ(bind(listener.get(), address_), 0);
    EXPECT_EQ(listen(listener.get(), backlog), 0);
    return listener;
  }

  const Address address_ =
      Address::local(::testing::TempDir() + "duet-local-" + std::to_string(::getpid()));
};

TEST_F(LocalSocketTest, is_dead_when_nobody_listens_any_more) {
  listen_there(1).close();
  EXPECT_TRUE(is_dead_local_socket(address_));
}

TEST_F(LocalSocketTest, lives_while_somebody_listens) {
  Fd listener = listen_there(1);
  EXPECT_FALSE(is_dead_local_socket(address_));
}

// A blocking connect would wait until the other server accepts.
TEST_F(LocalSocketTest, lives_when_its_backlog_is_full) {
  Fd listener = listen_there(0);
  std::vector<Fd> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(static_cast<int>(open_socket(Address::Family::local)));
    set_mode(clients.back().get(), Mode::nonblocking);
    connect_interruptible(clients.back().get(), SocketAddress(address_));
  }
  EXPECT_FALSE(is_dead_local_socket(address_));
}

TEST_F(LocalSocketTest, is_not_dead_when_it_is_no_socket_or_not_there) {
  EXPECT_FALSE(is_dead_local_socket(address_));
  std::ofstream(address_.path()) << "a file";
  EXPECT_FALSE(is_dead_local_socket(address_));
}

}  // namespace
}  // namespace duet::sys
