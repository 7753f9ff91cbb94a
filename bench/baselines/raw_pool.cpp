// Echo on a few threads that share one epoll: a connection is registered one-shot, so that one
// thread has it at a time, and armed anew when it has been served. Each thread takes one event at a
// time, or those that it took beside would wait for a connection that takes long. A connection
// whose peer does not read is armed for writing only and keeps what is still to send.

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server.hpp"

namespace duet::bench {
namespace {

class PoolEcho {
 public:
  explicit PoolEcho(int listener) : listener_{.fd = listener} {
    arm(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    std::vector<std::jthread> threads;
    const unsigned count = std::max(2U, std::thread::hardware_concurrency());
    while (threads.size() + 1 < count) threads.emplace_back([this] { serve(); });
    serve();
  }

 private:
  struct Connection {
    int fd;
    std::string unsent;
  };

  [[noreturn]] void serve() {
    std::array<char, buffer_bytes> buffer;
    for (;;) {
      epoll_event event;
      if (epoll_wait(epoll_, &event, 1, -1) != 1) continue;
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      if (&connection == &listener_)
        accept_all();
      else if (connection.unsent.empty())
        echo(connection, buffer);
      else
        send_rest(connection);
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && is_transient(errno)) break;
      arm(EPOLL_CTL_ADD, *new Connection{.fd = checked(fd, "accept"), .unsent = {}}, EPOLLIN);
    }
    arm(EPOLL_CTL_MOD, listener_, EPOLLIN);
  }

  void echo(Connection& connection, std::array<char, buffer_bytes>& buffer) {
    const ssize_t received = recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (received < 0 && is_transient(errno)) return arm(EPOLL_CTL_MOD, connection, EPOLLIN);
    if (received <= 0) return drop(connection);
    const auto wanted = static_cast<std::size_t>(received);
    ssize_t sent = send(connection.fd, buffer.data(), wanted, MSG_NOSIGNAL);
    if (sent < 0 && !is_transient(errno)) return drop(connection);
    sent = std::max<ssize_t>(sent, 0);
    connection.unsent.assign(buffer.data() + sent, static_cast<std::size_t>(received - sent));
    arm(EPOLL_CTL_MOD, connection, connection.unsent.empty() ? EPOLLIN : EPOLLOUT);
  }

  void send_rest(Connection& connection) {
    std::string& rest = connection.unsent;
    const ssize_t sent = send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && !is_transient(errno)) return drop(connection);
    rest.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    arm(EPOLL_CTL_MOD, connection, rest.empty() ? EPOLLIN : EPOLLOUT);
  }

  // The last that a thread does with a connection: another one may have it afterwards.
  void arm(int action, Connection& connection, std::uint32_t events) {
    epoll_event event{.events = events | EPOLLONESHOT, .data = {.ptr = &connection}};
    checked(epoll_ctl(epoll_, action, connection.fd, &event), "epoll_ctl");
  }

  static void drop(Connection& connection) {
    close(connection.fd);
    delete &connection;
  }

  const int epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  Connection listener_;
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  PoolEcho(listen_on_loopback(argc, argv, SOCK_NONBLOCK)).run();
}
