// HTTP answers on one thread over io_uring: multishot accept into direct descriptors, multishot
// receive into a ring of provided buffers, which are given back as soon as their requests are
// counted, and one send with MSG_WAITALL at a time for all that a connection is owed.

#include <liburing.h>

#include <array>
#include <utility>
#include <vector>

#include "http_answers.hpp"
#include "provided_buffers.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

constexpr unsigned connections_max = 16 * 1024;

enum class Kind : std::uint8_t { accept, receive, send, close };

struct Connection {
  std::uint64_t owed_bytes = 0;
  RequestCounter requests;
  bool is_receiving = true;
  bool is_sending = false;
};

class UringHttp {
 public:
  UringHttp(int listener, const Answers& answers) : listener_(listener), answers_(answers) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = connections_max;
    require(io_uring_queue_init_params(1024, &ring_, &parameters), "io_uring_setup");
    require(io_uring_register_ring_fd(&ring_), "register the ring");
    require(io_uring_register_files_sparse(&ring_, connections_max), "register files");
    require(buffers_.register_with(ring_), "register buffers");
    arm_accept();
  }

  [[noreturn]] void run() {
    for (;;) {
      if (buffers_.give_back()) {
        for (const unsigned slot : std::exchange(starving_, {})) arm_receive(slot);
      }
      const int result = io_uring_submit_and_wait(&ring_, 1);
      if (result != -EINTR) require(result, "io_uring_enter");
      unsigned head = 0;
      unsigned count = 0;
      io_uring_cqe* cqe = nullptr;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        complete(*cqe);
        ++count;
      }
      io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  static void require(int result, const char* call) {
    if (result < 0) errno = -result;
    checked(result, call);
  }

  io_uring_sqe* next_sqe(Kind kind, unsigned slot) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    for (; sqe == nullptr; sqe = io_uring_get_sqe(&ring_)) io_uring_submit(&ring_);
    io_uring_sqe_set_data64(sqe, std::uint64_t{slot} << 8 | std::to_underlying(kind));
    return sqe;
  }

  void arm_accept() {
    io_uring_sqe* sqe = next_sqe(Kind::accept, 0);
    io_uring_prep_multishot_accept_direct(sqe, listener_, nullptr, nullptr, 0);
  }

  void arm_receive(unsigned slot) {
    io_uring_sqe* sqe = next_sqe(Kind::receive, slot);
    io_uring_prep_recv_multishot(sqe, static_cast<int>(slot), nullptr, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  }

  void send_owed(unsigned slot) {
    Connection& connection = connections_[slot];
    if (connection.is_sending || connection.owed_bytes == 0) return;
    connection.is_sending = true;
    const std::string_view next = answers_.next(connection.owed_bytes);
    io_uring_sqe* sqe = next_sqe(Kind::send, slot);
    io_uring_prep_send(sqe, static_cast<int>(slot), next.data(), next.size(),
                       MSG_WAITALL | MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE;
  }

  void complete(const io_uring_cqe& cqe) {
    const auto slot = static_cast<unsigned>(cqe.user_data >> 8);
    switch (static_cast<Kind>(cqe.user_data & 0xff)) {
      case Kind::accept: return accepted(cqe.res, cqe.flags);
      case Kind::receive: return received(slot, cqe.res, cqe.flags);
      case Kind::send: return sent(slot, cqe.res);
      case Kind::close: return;
    }
  }

  void accepted(int result, unsigned flags) {
    if ((flags & IORING_CQE_F_MORE) == 0) arm_accept();
    if (result < 0 && is_transient(-result)) return;
    require(result, "accept");
    connections_[static_cast<unsigned>(result)] = {};
    arm_receive(static_cast<unsigned>(result));
  }

  void received(unsigned slot, int result, unsigned flags) {
    Connection& connection = connections_[slot];
    if (result > 0) {
      const unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
      const std::string_view piece(buffers_.data(id), static_cast<std::size_t>(result));
      connection.owed_bytes += answers_.bytes_for(connection.requests.count(piece));
      buffers_.take();
      buffers_.release(id);
      send_owed(slot);
    }
    if ((flags & IORING_CQE_F_MORE) != 0) return;
    if (result == -ENOBUFS) return starving_.push_back(slot);
    if (result > 0) return arm_receive(slot);
    connection.is_receiving = false;
    close_if_done(slot);
  }

  void sent(unsigned slot, int result) {
    Connection& connection = connections_[slot];
    connection.is_sending = false;
    // After a failed send nothing is owed any more, and the receive ends as well.
    connection.owed_bytes -=
        result < 0 ? connection.owed_bytes : static_cast<std::uint64_t>(result);
    send_owed(slot);
    close_if_done(slot);
  }

  void close_if_done(unsigned slot) {
    if (connections_[slot].is_receiving || connections_[slot].is_sending) return;
    io_uring_prep_close_direct(next_sqe(Kind::close, slot), slot);
  }

  const int listener_;
  const Answers& answers_;
  io_uring ring_{};
  ProvidedBuffers buffers_;
  std::array<Connection, connections_max> connections_{};
  std::vector<unsigned> starving_;  // receives that found no buffer
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  static const Answers answers(take_body_bytes(argc, argv));
  static UringHttp server(listen_on_loopback(argc, argv), answers);
  server.run();
}
