// Echo on one thread over level-triggered epoll: one recv and one send per event, one receive
// buffer for all connections. A connection whose peer does not read is watched for writing only,
// and alone then owns memory: the bytes that are still to send.

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "server.hpp"

namespace duet::bench {
namespace {

class EpollEcho {
 public:
  explicit EpollEcho(int listener) : listener_(listener) {
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (;;) {
      const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < count; ++i) serve(events_[static_cast<std::size_t>(i)].data.fd);
    }
  }

 private:
  void serve(int fd) {
    if (fd == listener_) {
      accept_all();
    } else if (!unsent_.empty() && unsent_.contains(fd)) {
      send_rest(fd);
    } else {
      echo(fd);
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && is_transient(errno)) return;
      watch(EPOLL_CTL_ADD, checked(fd, "accept"), EPOLLIN);
    }
  }

  void echo(int fd) {
    const ssize_t received = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && is_transient(errno)) return;
    if (received <= 0) return drop(fd);
    ssize_t sent = send(fd, buffer_.data(), static_cast<std::size_t>(received), MSG_NOSIGNAL);
    if (sent == received) return;
    if (sent < 0 && !is_transient(errno)) return drop(fd);
    sent = std::max<ssize_t>(sent, 0);
    unsent_[fd].assign(buffer_.data() + sent, static_cast<std::size_t>(received - sent));
    watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
  }

  void send_rest(int fd) {
    std::string& rest = unsent_[fd];
    const ssize_t sent = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && is_transient(errno)) return;
    if (sent < 0) return drop(fd);
    rest.erase(0, static_cast<std::size_t>(sent));
    if (!rest.empty()) return;
    unsent_.erase(fd);
    watch(EPOLL_CTL_MOD, fd, EPOLLIN);
  }

  void watch(int action, int fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    checked(epoll_ctl(epoll_, action, fd, &event), "epoll_ctl");
  }

  void drop(int fd) {
    unsent_.erase(fd);
    close(fd);
  }

  const int epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  const int listener_;
  std::array<epoll_event, 512> events_;
  std::array<char, buffer_bytes> buffer_;
  std::unordered_map<int, std::string> unsent_;
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  EpollEcho(listen_on_loopback(argc, argv, SOCK_NONBLOCK)).run();
}
