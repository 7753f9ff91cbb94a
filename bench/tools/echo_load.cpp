// Loads an echo server from one thread, in a closed loop: each connection keeps a number of
// messages in flight and sends the next one when one has come back. Prints one line of JSON.
//
// What a connection sends is an endless repetition of one random pattern, from a start of its own,
// so that nothing is prepared per message and every lost, doubled or strange byte shows. Of a long
// piece only both ends are compared. Exit 1 if anything went wrong on any connection.

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstring>
#include <random>

#include "latency_histogram.hpp"
#include "load_options.hpp"
#include "process_cpu.hpp"

namespace duet::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* call) {
  std::fprintf(stderr, "echo_load: %s: %s\n", call, std::strerror(errno));
  std::exit(1);
}

int connect_to(const sockaddr_in& server) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  const timeval patience{.tv_sec = 10, .tv_usec = 0};  // bounds connect as well: socket(7)
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) < 0) fail("connect");
  return fd;
}

// The endless stream that is sent. A connection's position in it says what comes next.
class Pattern {
 public:
  explicit Pattern(std::size_t piece_max) : bytes_(period + piece_max) {
    std::minstd_rand random(1);
    std::generate_n(bytes_.begin(), period, [&] { return static_cast<char>(random() >> 8); });
    for (std::size_t i = period; i < bytes_.size(); ++i) bytes_[i] = bytes_[i - period];
  }

  const char* at(std::uint64_t position) const { return bytes_.data() + position % period; }

  bool matches(std::uint64_t position, const char* data, std::size_t size) const {
    constexpr std::size_t end_bytes = 512;
    constexpr std::size_t whole_bytes_max = 1024;
    const char* expected = at(position);
    if (size <= whole_bytes_max) return std::memcmp(expected, data, size) == 0;
    const std::size_t tail = size - end_bytes;
    return std::memcmp(expected, data, end_bytes) == 0 &&
           std::memcmp(expected + tail, data + tail, end_bytes) == 0;
  }

  static constexpr std::size_t period = 65'521;  // prime: no message size divides it

 private:
  std::vector<char> bytes_;
};

struct Connection {
  int fd = -1;
  bool is_watched_for_writing = false;
  std::uint64_t start = 0;                 // position in the pattern
  std::uint64_t sent = 0;                  // bytes since then
  std::uint64_t owed = 0;                  // bytes that are due but not sent
  std::uint64_t received = 0;              // bytes
  std::vector<Clock::time_point> sent_at;  // of the messages in flight, by number modulo depth
};

class EchoLoad {
 public:
  explicit EchoLoad(const LoadOptions& options)
      : options_(options),
        pattern_(std::max(receive_bytes, options.bytes * options.depth)),
        connections_(options.connections) {
    if (epoll_ < 0) fail("epoll_create1");
    for (std::size_t i = 0; i < options.idle; ++i) connect_to(options.server);
    for (std::size_t i = 0; i < connections_.size(); ++i) open(connections_[i], i);
  }

  bool run() {
    for (Connection& connection : connections_) send_messages(connection, 0, options_.depth);
    await_first_answers();
    run_until(Clock::now() + std::chrono::milliseconds(options_.warmup_ms));
    latencies_.reset();
    const ProcessCpu::Sample cpu_before = sample_cpu();
    const Clock::time_point start = Clock::now();
    run_until(start + std::chrono::milliseconds(options_.duration_ms));
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    print(elapsed.count(), ProcessCpu::between(cpu_before, sample_cpu()));
    return errors_ == 0;
  }

 private:
  static constexpr std::size_t receive_bytes = 16 * 1024;

  void open(Connection& connection, std::size_t number) {
    connection.fd = connect_to(options_.server);
    connection.start = number * 7919;
    connection.sent_at.resize(options_.depth);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) < 0) fail("epoll_ctl");
  }

  // Some servers take seconds to accept thousands of connections: the warm-up begins after that.
  void await_first_answers() {
    const Clock::time_point patience = Clock::now() + std::chrono::seconds(30);
    while (answered_ + errors_ < connections_.size()) {
      turn();
      if (now_ < patience) continue;
      errno = ETIMEDOUT;
      fail("first answer on every connection");
    }
  }

  void run_until(Clock::time_point end) {
    while (now_ < end) turn();
  }

  void turn() {
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                                 options_.is_busy ? 0 : 10);
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) serve(events_[static_cast<std::size_t>(i)]);
  }

  void serve(const epoll_event& event) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if ((event.events & EPOLLOUT) != 0) send_owed(connection);
    if (connection.fd >= 0 && (event.events & ~std::uint32_t{EPOLLOUT}) != 0) receive(connection);
  }

  void receive(Connection& connection) {
    const ssize_t result = recv(connection.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (result <= 0) return give_up(connection, result == 0 ? "closed by the server" : "recv");
    const auto size = static_cast<std::size_t>(result);
    if (connection.received + size > connection.sent ||
        !pattern_.matches(connection.start + connection.received, buffer_.data(), size)) {
      return give_up(connection, "not the bytes that were sent");
    }
    const std::uint64_t first = connection.received / options_.bytes;
    connection.received += size;
    const std::uint64_t last = connection.received / options_.bytes;
    if (first == last) return;
    if (first == 0) ++answered_;
    now_ = Clock::now();
    for (std::uint64_t message = first; message < last; ++message) {
      latencies_.record(static_cast<std::uint64_t>(
          (now_ - connection.sent_at[message % options_.depth]).count()));
    }
    send_messages(connection, first, last - first);
  }

  // Sends the messages that follow those in flight and take over their places.
  void send_messages(Connection& connection, std::uint64_t place, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      connection.sent_at[(place + i) % options_.depth] = now_;
    }
    connection.owed += count * options_.bytes;
    send_owed(connection);
  }

  void send_owed(Connection& connection) {
    const ssize_t sent = send(connection.fd, pattern_.at(connection.start + connection.sent),
                              connection.owed, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return give_up(connection, "send");
    connection.sent += static_cast<std::uint64_t>(std::max<ssize_t>(sent, 0));
    connection.owed -= static_cast<std::uint64_t>(std::max<ssize_t>(sent, 0));
    const bool is_behind = connection.owed > 0;
    if (is_behind == connection.is_watched_for_writing) return;
    connection.is_watched_for_writing = is_behind;
    epoll_event event{.events = is_behind ? EPOLLIN | EPOLLOUT : EPOLLIN,
                      .data = {.ptr = &connection}};
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) < 0) fail("epoll_ctl");
  }

  void give_up(Connection& connection, const char* why) {
    if (errors_++ == 0) std::fprintf(stderr, "echo_load: a connection failed: %s\n", why);
    close(connection.fd);
    connection.fd = -1;
  }

  ProcessCpu::Sample sample_cpu() const {
    return options_.pid == 0 ? ProcessCpu::Sample{} : ProcessCpu(options_.pid).sample();
  }

  void print(double seconds, std::int64_t cpu) const {
    const std::uint64_t messages = latencies_.total();
    const auto microseconds = [](std::uint64_t value) { return static_cast<double>(value) / 1e3; };
    std::printf("{\"messages\": %" PRIu64 ", \"seconds\": %.6f, \"rate\": %.1f, \"p50_us\": %.1f, ",
                messages, seconds, static_cast<double>(messages) / seconds,
                microseconds(latencies_.quantile(0.5)));
    std::printf("\"p99_us\": %.1f, \"max_us\": %.1f, \"errors\": %zu",
                microseconds(latencies_.quantile(0.99)), microseconds(latencies_.max()), errors_);
    if (options_.pid != 0) std::printf(", \"server_cpu_ns\": %" PRId64, cpu);
    std::puts("}");
  }

  const LoadOptions options_;
  const Pattern pattern_;
  const int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> connections_;
  std::array<epoll_event, 512> events_{};
  std::array<char, receive_bytes> buffer_{};
  LatencyHistogram latencies_;
  Clock::time_point now_ = Clock::now();
  std::size_t answered_ = 0;  // connections on which something came back
  std::size_t errors_ = 0;    // connections given up
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  EchoLoad load(parse_load_options(argc, argv));
  return load.run() ? 0 : 1;
}
