// HTTP answers on one thread over edge-triggered epoll: each connection is registered once, for
// both directions; one recv and one send per event, one receive buffer for all connections. While a
// connection is owed bytes that its socket does not take, nothing more is read from it.

#include <sys/epoll.h>

#include <array>
#include <vector>

#include "http_answers.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

struct Connection {
  std::uint64_t owed_bytes = 0;
  RequestCounter requests;
};

class EpollHttp {
 public:
  EpollHttp(int listener, const Answers& answers) : listener_(listener), answers_(answers) {
    watch(listener, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (;;) {
      const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < count; ++i) serve(events_[static_cast<std::size_t>(i)]);
    }
  }

 private:
  void serve(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) return accept_all();
    // A receive that does not fill the buffer has emptied the socket, unless the end follows.
    const bool may_end = (event.events & ~std::uint32_t{EPOLLIN | EPOLLOUT}) != 0;
    Connection& connection = connections_[static_cast<std::size_t>(fd)];
    while (send_owed(fd, connection)) {
      const ssize_t received = recv(fd, buffer_.data(), buffer_.size(), 0);
      if (received < 0 && is_transient(errno)) return;
      if (received <= 0) return void(close(fd));
      const auto size = static_cast<std::size_t>(received);
      connection.owed_bytes = answers_.bytes_for(connection.requests.count({buffer_.data(), size}));
      if (size < buffer_.size() && !may_end) return void(send_owed(fd, connection));
    }
  }

  // Returns whether nothing is owed any more; if not, the connection is closed or an event comes.
  bool send_owed(int fd, Connection& connection) {
    while (connection.owed_bytes > 0) {
      const std::string_view next = answers_.next(connection.owed_bytes);
      const ssize_t sent = send(fd, next.data(), next.size(), MSG_NOSIGNAL);
      if (sent < 0 && !is_transient(errno)) close(fd);
      if (sent < 0) return false;
      connection.owed_bytes -= static_cast<std::uint64_t>(sent);
      if (static_cast<std::size_t>(sent) < next.size()) return false;
    }
    return true;
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && is_transient(errno)) return;
      const auto slot = static_cast<std::size_t>(checked(fd, "accept"));
      if (slot >= connections_.size()) connections_.resize(slot + 1);
      connections_[slot] = {};
      watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
  }

  void watch(int fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }

  const int epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  const int listener_;
  const Answers& answers_;
  std::array<epoll_event, 512> events_;
  std::array<char, buffer_bytes> buffer_;
  std::vector<Connection> connections_;  // by descriptor
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  const Answers answers(take_body_bytes(argc, argv));
  EpollHttp(listen_on_loopback(argc, argv, SOCK_NONBLOCK), answers).run();
}
