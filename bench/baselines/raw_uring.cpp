// Echo on one thread over io_uring: multishot accept into direct descriptors, multishot receive
// into a ring of provided buffers, one send per buffer with MSG_WAITALL, whose completion gives the
// buffer back. A connection's sends go out one after another, so that a slow reader gets its bytes
// in order. Such a peer can hold all buffers; the others then wait, as nothing here bounds it.

#include <liburing.h>

#include <array>
#include <utility>
#include <vector>

#include "provided_buffers.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

constexpr unsigned connections_max = 16 * 1024;
constexpr unsigned none = ~0U;

enum class Kind : std::uint8_t { accept, receive, send, close };

struct Connection {
  unsigned first = none;  // buffers to send, oldest first; the first one is being sent
  unsigned last = none;
  bool is_receiving = true;
};

struct Piece {  // what a buffer holds
  unsigned size = 0;
  unsigned next = none;
};

class UringEcho {
 public:
  explicit UringEcho(int listener) : listener_(listener) {
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

  void send_first(unsigned slot) {
    io_uring_sqe* sqe = next_sqe(Kind::send, slot);
    const unsigned id = connections_[slot].first;
    io_uring_prep_send(sqe, static_cast<int>(slot), buffers_.data(id), pieces_[id].size,
                       MSG_WAITALL | MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE;
  }

  void complete(const io_uring_cqe& cqe) {
    const auto slot = static_cast<unsigned>(cqe.user_data >> 8);
    switch (static_cast<Kind>(cqe.user_data & 0xff)) {
      case Kind::accept: return accepted(cqe.res, cqe.flags);
      case Kind::receive: return received(slot, cqe.res, cqe.flags);
      case Kind::send: return sent(slot);
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
    if (result > 0) enqueue(slot, flags >> IORING_CQE_BUFFER_SHIFT, static_cast<unsigned>(result));
    if ((flags & IORING_CQE_F_MORE) != 0) return;
    if (result == -ENOBUFS) return starving_.push_back(slot);
    if (result > 0) return arm_receive(slot);
    connections_[slot].is_receiving = false;
    close_if_done(slot);
  }

  void enqueue(unsigned slot, unsigned id, unsigned size) {
    buffers_.take();
    pieces_[id] = {size, none};
    const unsigned last = std::exchange(connections_[slot].last, id);
    if (last != none) {
      pieces_[last].next = id;
      return;
    }
    connections_[slot].first = id;
    send_first(slot);
  }

  // The result does not matter: when one send fails, so do those after it, and the receive ends.
  void sent(unsigned slot) {
    Connection& connection = connections_[slot];
    buffers_.release(std::exchange(connection.first, pieces_[connection.first].next));
    if (connection.first != none) return send_first(slot);
    connection.last = none;
    close_if_done(slot);
  }

  void close_if_done(unsigned slot) {
    if (connections_[slot].is_receiving || connections_[slot].first != none) return;
    io_uring_prep_close_direct(next_sqe(Kind::close, slot), slot);
  }

  const int listener_;
  io_uring ring_{};
  ProvidedBuffers buffers_;
  std::array<Piece, ProvidedBuffers::count> pieces_{};
  std::array<Connection, connections_max> connections_{};
  std::vector<unsigned> starving_;  // receives that found no buffer
};

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  static UringEcho server(listen_on_loopback(argc, argv));
  server.run();
}
