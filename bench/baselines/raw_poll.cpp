// Echo on one thread over poll(2): one recv and one send per ready descriptor, one receive buffer
// for all connections. A connection whose peer does not read is watched for writing only, and
// alone then owns memory: the bytes that are still to send.

#include <poll.h>

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "server.hpp"

namespace duet::bench {
namespace {

class PollEcho {
 public:
  explicit PollEcho(int listener) : watched_{{listener, POLLIN, 0}} {}

  [[noreturn]] void run() {
    for (;;) {
      int ready = poll(watched_.data(), watched_.size(), -1);
      for (std::size_t i = 1; ready > 0 && i < watched_.size();) {
        if (watched_[i].revents == 0) {
          ++i;
          continue;
        }
        --ready;
        if (serve(watched_[i])) {
          ++i;
        } else {
          drop(i);  // the last one moves here, with its own report
        }
      }
      if (ready > 0) accept_all();
    }
  }

 private:
  // Returns whether the connection goes on.
  bool serve(pollfd& entry) { return entry.events == POLLOUT ? send_rest(entry) : echo(entry); }

  bool echo(pollfd& entry) {
    const ssize_t received = recv(entry.fd, buffer_.data(), buffer_.size(), 0);
    if (received < 0 && is_transient(errno)) return true;
    if (received <= 0) return false;
    ssize_t sent = send(entry.fd, buffer_.data(), static_cast<std::size_t>(received), MSG_NOSIGNAL);
    if (sent == received) return true;
    if (sent < 0 && !is_transient(errno)) return false;
    sent = std::max<ssize_t>(sent, 0);
    unsent_[entry.fd].assign(buffer_.data() + sent, static_cast<std::size_t>(received - sent));
    entry.events = POLLOUT;
    return true;
  }

  bool send_rest(pollfd& entry) {
    std::string& rest = unsent_[entry.fd];
    const ssize_t sent = send(entry.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) return is_transient(errno);
    rest.erase(0, static_cast<std::size_t>(sent));
    if (!rest.empty()) return true;
    unsent_.erase(entry.fd);
    entry.events = POLLIN;
    return true;
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(watched_[0].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && is_transient(errno)) return;
      watched_.push_back({checked(fd, "accept"), POLLIN, 0});
    }
  }

  void drop(std::size_t index) {
    unsent_.erase(watched_[index].fd);
    close(watched_[index].fd);
    watched_[index] = watched_.back();
    watched_.pop_back();
  }

  std::vector<pollfd> watched_;  // the listener first
  std::array<char, buffer_bytes> buffer_;
  std::unordered_map<int, std::string> unsent_;
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  PollEcho(listen_on_loopback(argc, argv, SOCK_NONBLOCK)).run();
}
