#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "sys/call.hpp"
#include "sys/ring.hpp"
#include "sys/thread_sanitizer.hpp"
#include "sys/timeout.hpp"

namespace duet::sys {
namespace {

constexpr unsigned completions_per_entry = 8;
constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG;

int set_up(io_uring& ring, unsigned entries, unsigned flags) {
  io_uring_params parameters{};
  parameters.flags = flags | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE;
  parameters.cq_entries = entries * completions_per_entry;
  int result = io_uring_queue_init_params(entries, &ring, &parameters);
  if (result == 0 && (parameters.features & needed) != needed) {
    io_uring_queue_exit(&ring);
    return -ENOSYS;
  }
  return result;
}

// liburing maps and unmaps its queues by system calls of its own, which ThreadSanitizer does not
// see: a queue where another thread's has been would look like the same memory.
void note_mapped() { note_acquire(&needed); }
void note_unmapping() { note_release(&needed); }

}  // namespace

Ring::Ring(unsigned entries) {
  // The best first; a kernel that does not know a flag says EINVAL. DEFER_TASKRUN (Linux 6.1) runs
  // the kernel's completion work when we wait for it instead of interrupting the thread.
  constexpr std::array flags = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL, 0U};
  int result = -EINVAL;
  for (std::size_t i = 0; result == -EINVAL && i < flags.size(); ++i)
    result = set_up(ring_, entries, flags[i]);
  checked(result, "io_uring_setup");
  note_mapped();
  io_uring_register_ring_fd(&ring_);  // saves a look-up in each call; optional
}

Ring::~Ring() {
  note_unmapping();
  io_uring_queue_exit(&ring_);
}

io_uring_sqe& Ring::next(std::uint64_t data) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    checked(retried([&] { return io_uring_submit(&ring_); }), "io_uring_enter");
    entry = io_uring_get_sqe(&ring_);
  }
  io_uring_prep_nop(entry);
  io_uring_sqe_set_data64(entry, data);
  return *entry;
}

bool Ring::signal_completions(int event) const noexcept {
  ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_UNREGISTER_EVENTFD, nullptr, 0);
  return ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_EVENTFD, &event, 1) == 0;
}

bool Ring::register_buffers(io_uring_buf_ring& buffers, unsigned count, unsigned group) noexcept {
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(&buffers);
  registration.ring_entries = count;
  registration.bgid = static_cast<std::uint16_t>(group);
  return io_uring_register_buf_ring(&ring_, &registration, 0) == 0;
}

void Ring::submit_and_wait(TimePoint deadline) {
  int result = 0;
  if (deadline == past) {
    result = io_uring_submit_and_get_events(&ring_);
  } else if (deadline == never) {
    result = io_uring_submit_and_wait(&ring_, 1);
  } else {
    Timeout timeout(deadline);
    __kernel_timespec rest{.tv_sec = timeout.get()->tv_sec, .tv_nsec = timeout.get()->tv_nsec};
    io_uring_cqe* first = nullptr;
    result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &rest, nullptr);
  }
  // EBUSY, EAGAIN: the kernel wants completions to be taken first; the others end a wait early.
  if (result == -EINTR || result == -ETIME || result == -EBUSY || result == -EAGAIN) return;
  checked(result, "io_uring_enter");
}

}  // namespace duet::sys
