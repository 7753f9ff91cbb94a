#pragma once
// An io_uring(7) of one thread, set up as well as the kernel allows.

#include <liburing.h>

#include "duet/base/time.hpp"

namespace duet::sys {

class Ring {
 public:
  // Throws IoError "io_uring_setup" when the system refuses the ring or lacks what duet needs.
  explicit Ring(unsigned entries);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Signals the eventfd(2) at each completion; poll(2) of the ring itself misses those that the
  // kernel leaves to the next call (IORING_SETUP_DEFER_TASKRUN). To be called again after each
  // signal, before completions are collected: of those that somebody's eventfd_write(3) leads to,
  // Linux (6.18, io_uring/eventfd.c) signals one for each registration, and some milliseconds late.
  bool signal_completions(int event) const noexcept;

  // A cleared submission entry that will carry `data`; the queue is submitted when it is full.
  io_uring_sqe& next(std::uint64_t data);

  // Lets receives take their buffers from `buffers`, a ring of `count` entries; false when the
  // kernel does not know how.
  bool register_buffers(io_uring_buf_ring& buffers, unsigned count, unsigned group) noexcept;

  // Submits and waits for a completion until the deadline; with a deadline that has passed only
  // collects. May return early.
  void submit_and_wait(TimePoint deadline);

  // Calls `visit(cqe)` for each completion that has come; entries may be added meanwhile.
  template <class Visit>
  void for_each(Visit visit) {
    io_uring_cqe* found = nullptr;
    while (io_uring_peek_cqe(&ring_, &found) == 0) {
      io_uring_cqe completion = *found;
      io_uring_cqe_seen(&ring_, found);
      visit(completion);
    }
  }

 private:
  io_uring ring_{};
};

}  // namespace duet::sys
