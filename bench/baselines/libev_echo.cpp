// Echo over libev's epoll backend with raw ev_io callbacks: one recv and one send per event, one
// receive buffer for all connections. It judges raw_epoll: if the two differ by much, either the
// machine was disturbed or the baseline is a bad one.

#include <ev.h>

#include <algorithm>
#include <array>
#include <string>

#include "server.hpp"

namespace duet::bench {
namespace {

std::array<char, buffer_bytes> buffer;

struct Connection {
  ev_io watcher;  // first, so that libev's pointer to it is one to the connection
  std::string unsent;
};

void watch(struct ev_loop* loop, Connection* connection, int events, decltype(ev_io::cb) callback) {
  ev_io_stop(loop, &connection->watcher);
  ev_set_cb(&connection->watcher, callback);
  ev_io_set(&connection->watcher, connection->watcher.fd, events);
  ev_io_start(loop, &connection->watcher);
}

void drop(struct ev_loop* loop, Connection* connection) {
  ev_io_stop(loop, &connection->watcher);
  close(connection->watcher.fd);
  delete connection;
}

void on_readable(struct ev_loop* loop, ev_io* watcher, int);

void on_writable(struct ev_loop* loop, ev_io* watcher, int) {
  auto* connection = reinterpret_cast<Connection*>(watcher);
  std::string& rest = connection->unsent;
  const ssize_t sent = send(watcher->fd, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (sent < 0 && is_transient(errno)) return;
  if (sent < 0) return drop(loop, connection);
  rest.erase(0, static_cast<std::size_t>(sent));
  if (rest.empty()) watch(loop, connection, EV_READ, on_readable);
}

void on_readable(struct ev_loop* loop, ev_io* watcher, int) {
  auto* connection = reinterpret_cast<Connection*>(watcher);
  const int fd = watcher->fd;
  const ssize_t received = recv(fd, buffer.data(), buffer.size(), 0);
  if (received < 0 && is_transient(errno)) return;
  if (received <= 0) return drop(loop, connection);
  ssize_t sent = send(fd, buffer.data(), static_cast<std::size_t>(received), MSG_NOSIGNAL);
  if (sent == received) return;
  if (sent < 0 && !is_transient(errno)) return drop(loop, connection);
  sent = std::max<ssize_t>(sent, 0);
  connection->unsent.assign(buffer.data() + sent, static_cast<std::size_t>(received - sent));
  watch(loop, connection, EV_WRITE, on_writable);
}

void on_connection(struct ev_loop* loop, ev_io* listener, int) {
  for (;;) {
    const int fd = accept4(listener->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && is_transient(errno)) return;
    auto* connection = new Connection{};
    ev_io_init(&connection->watcher, on_readable, checked(fd, "accept"), EV_READ);
    ev_io_start(loop, &connection->watcher);
  }
}

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  ev_io listener;
  ev_io_init(&listener, on_connection, listen_on_loopback(argc, argv, SOCK_NONBLOCK), EV_READ);
  struct ev_loop* loop = ev_default_loop(EVBACKEND_EPOLL);
  if (loop == nullptr) checked(-1, "ev_default_loop");
  ev_io_start(loop, &listener);
  ev_run(loop, 0);
}
