// The proactor: every operation that may wait becomes an entry of the ring, and its completion is
// the operation's. One system call a turn submits all that is new and waits.
//
// A completion may come after the loop has asked for the operation's end, and may still be a
// success; the operation, its buffers and its descriptor stay until it has come. Closing a
// descriptor with a receive pending would give no completion, and the kernel would still write into
// the buffer, so release cancels, waits for the last completion and only then closes.

#include <atomic>
#include <memory>

#include "duet/io/engines.hpp"
#include "io/engine/ring_buffers.hpp"
#include "io/engine/uring_completions.hpp"
#include "io/engine/uring_entries.hpp"
#include "io/perform.hpp"
#include "io/pool_access.hpp"
#include "io/slot_table.hpp"
#include "sys/event_fd.hpp"
#include "sys/local_socket.hpp"
#include "sys/poll.hpp"
#include "sys/ring.hpp"

namespace duet::io {
namespace {

using Slot = UringSlot;

// What is not an operation's address, which is a multiple of eight. Above the tag of an armed
// receive stands its slot.
enum Tag : std::uint64_t { ignored = 0, wake_up = 1, arrival = 2 };
constexpr unsigned tag_bits = 3;

// A stream whose handler asks for leases only, as often in a row, gets a receive that stays armed.
// One that asks once and then reads in other ways, or ends, is better off without.
constexpr std::uint8_t leases_until_armed = 2;

class UringEngine final : public Engine {
 public:
  UringEngine(JobQueue& completed, unsigned entries, std::shared_ptr<WorkPools> pools)
      : completed_(completed), ring_(entries), pools_(std::move(pools), [this] { wake(); }) {
    watch_for_wake();
  }

  ~UringEngine() override {
    while (census_.operations > 0) reap(never);  // what was released last
  }

  Handle adopt(int descriptor, HandleKind kind) override {
    // The ring arms a poll by itself only for a descriptor in blocking mode; what we read ourselves
    // after a poll must not block. A file's mode matters only when it has to be waited for.
    //
    // Workers share a Unix listener. An accept in the ring would be told of a connection alone, and
    // the ring's thread may be busy with a handler while others idle; a poll tells them all.
    bool is_shared = kind == HandleKind::listener && sys::is_local_socket(descriptor);
    bool stays_blocking = is_stream(kind) || (kind == HandleKind::listener && !is_shared);
    Handle handle = slots_.add(descriptor, kind);
    ++census_.handles;
    slots_.find(handle)->accepts_by_poll = is_shared;
    if (has_mode_of_engine(kind))
      slots_.find(handle)->mode.set(descriptor,
                                    stays_blocking ? sys::Mode::blocking : sys::Mode::nonblocking);
    return handle;
  }

  void release(Handle handle) override {
    Slot* slot = slots_.find(handle);
    if (slot == nullptr || slot->is_closing) return;
    slot->is_closing = true;
    if (slot->in_flight == 0) return close(handle);
    // One by one: by descriptor, the kernel would also cancel what another handle of the same
    // description waits for.
    if (slot->arrivals.is_armed) {
      disarm(*slot, handle.slot);
      ++census_.operations;  // nobody waits for it, but it has to end before the stream is closed
    }
    for (Operation* operation : slot->waiting)
      if (operation != nullptr) end(*operation, *slot, Ending::closed);
  }

  Progress submit(Operation& operation) override {
    Slot* slot = nullptr;
    if (operation.handle) {
      slot = slots_.find(operation.handle);
      if (slot == nullptr || slot->is_closing) {
        operation.finish(Ending::closed);
        return Progress::done;
      }
    }
    int descriptor = slot == nullptr ? -1 : slot->descriptor;
    switch (group_of(operation.kind)) {
      case Group::immediate: perform_now(operation, descriptor); return Progress::done;
      case Group::disk:
        if (perform_on_disk(operation, descriptor, Disk::cached_only) != Outcome::would_block)
          return Progress::done;
        break;
      case Group::peer:
        DUET_ASSERT(slot != nullptr);
        if (waiting(*slot, operation) != nullptr) {
          operation.finish(-EBUSY);
          return Progress::done;
        }
        count_leases(operation.kind, slot->arrivals);
        if (slot->arrivals.has_news() && slot->arrivals.serve(*buffers_, operation))
          return Progress::done;
        waiting(*slot, operation) = &operation;
        break;
    }
    operation.engine_words[ending_word] = static_cast<std::uint64_t>(Ending::none);
    operation.engine_words[by_poll_word] = 0;
    bool is_ours = is_for_ring(operation);
    if (!is_ours && !pools_.run(operation, descriptor)) return Progress::done;
    if (slot != nullptr) ++slot->in_flight;
    ++census_.operations;
    if (is_ours) start(operation, slot);
    return Progress::pending;
  }

  void cancel(Operation& operation, Ending why) override {
    if (group_of(operation.kind) == Group::disk) {
      if (!is_for_ring(operation)) pools_.cancel(operation, why);
      return;
    }
    Slot* slot = slots_.find(operation.handle);
    if (slot == nullptr) return;
    std::uint64_t& asked = operation.engine_words[ending_word];
    if (asked != static_cast<std::uint64_t>(Ending::none)) return;
    asked = static_cast<std::uint64_t>(why);
    end(operation, *slot, why);
  }

  void reap(TimePoint deadline) override {
    if (notice_ && notice_->take() && !ring_.signal_completions(notice_->get())) notice_->signal();
    ring_.submit_and_wait(deadline);
    ring_.for_each([this](const io_uring_cqe& completion) { take(completion); });
    JobQueue returned;
    pools_.collect(returned);
    while (!returned.empty()) complete(static_cast<Operation&>(returned.pop()));
  }

  void wake() noexcept override {
    if (is_woken_.exchange(true)) return;
    event_.signal();
    // The ring would notice it, too, but late: eventfd(2) does not signal one from within another.
    if (sys::EventFd* notice = notice_to_wake_.load()) notice->signal();
  }

  int descriptor() const noexcept override {
    if (notice_) return notice_->get();
    try {
      auto notice = std::make_unique<sys::EventFd>();
      if (!ring_.signal_completions(notice->get())) return -1;
      notice->signal();  // of what has completed meanwhile
      notice_ = std::move(notice);
      notice_to_wake_ = notice_.get();
      return notice_->get();
    } catch (const IoError&) {
      return -1;
    }
  }

 private:
  static std::uint64_t data_of(Operation& operation) {
    return reinterpret_cast<std::uint64_t>(&operation);
  }

  static Operation*& waiting(Slot& slot, const Operation& operation) {
    return slot.waiting[static_cast<std::size_t>(direction_of(operation.kind))];
  }

  static Ending asked_of(const Operation& operation, const Slot* slot) {
    if (group_of(operation.kind) == Group::disk) return Ending::none;  // runs to its end
    auto asked = static_cast<Ending>(operation.engine_words[ending_word]);
    return asked == Ending::none && slot != nullptr && slot->is_closing ? Ending::closed : asked;
  }

  void ask_to_end(std::uint64_t data) {
    io_uring_sqe& entry = ring_.next(ignored);
    io_uring_prep_cancel64(&entry, data, 0);
    io_uring_sqe_set_data64(&entry, ignored);
  }

  // What waits for an armed receive has no entry of its own.
  void end(Operation& operation, Slot& slot, Ending why) {
    if (waiting(slot, operation) != &operation) return;  // has completed
    if (!waits_for_arrivals(operation, slot)) return ask_to_end(data_of(operation));
    operation.finish(why);
    complete(operation);
  }

  void start(Operation& operation, Slot* slot) {
    if (slot != nullptr && waits_for_arrivals(operation, *slot)) {
      // Bytes for somebody's own buffer are better received there.
      if (operation.kind == Kind::receive) disarm(*slot, operation.handle.slot);
      return;
    }
    if (operation.kind == Kind::receive_lease) return start_lease(operation, *slot);
    io_uring_sqe& entry = ring_.next(data_of(operation));
    prepare(operation, slot, entry);
    io_uring_sqe_set_data64(&entry, data_of(operation));
  }

  // The kernel takes one of its buffers when there is something to receive. Without such buffers,
  // or when all are out, the ring waits and we receive into one of the loop's.
  void start_lease(Operation& operation, Slot& slot) {
    if (!buffers_) buffers_ = std::make_unique<RingBuffers>(ring_, census_.leases);
    std::uint64_t& is_by_poll = operation.engine_words[by_poll_word];
    if (!is_stream(slot.kind) || !buffers_->is_usable()) is_by_poll = 1;
    bool stays_armed =
        slot.arrivals.leases >= leases_until_armed && is_by_poll == 0 && can_stay_armed_;
    std::uint64_t data = stays_armed ? data_of_arrivals(operation.handle.slot) : data_of(operation);
    io_uring_sqe& entry = ring_.next(data);
    if (is_by_poll != 0)
      io_uring_prep_poll_add(&entry, slot.descriptor, POLLIN);
    else
      prepare_receive(slot, stays_armed ? Receives::many : Receives::one, entry);
    io_uring_sqe_set_data64(&entry, data);
    if (!stays_armed) return;
    slot.arrivals.is_armed = true;
    ++slot.in_flight;
  }

  // --- receives that stay armed ---

  static std::uint64_t data_of_arrivals(std::uint32_t slot) {
    return std::uint64_t{slot} << tag_bits | arrival;
  }

  static bool waits_for_arrivals(const Operation& operation, const Slot& slot) {
    return slot.arrivals.is_armed && direction_of(operation.kind) == Direction::read;
  }

  static void count_leases(Kind kind, Arrivals& arrivals) {
    if (kind == Kind::receive) arrivals.leases = 0;
    if (kind == Kind::receive_lease && arrivals.leases < leases_until_armed) ++arrivals.leases;
  }

  void disarm(Slot& slot, std::uint32_t number) {
    if (slot.arrivals.is_told_to_end) return;
    slot.arrivals.is_told_to_end = true;
    ask_to_end(data_of_arrivals(number));
  }

  void take_arrival(const io_uring_cqe& completion) {
    auto number = static_cast<std::uint32_t>(completion.user_data >> tag_bits);
    Slot& slot = slots_.at(number);
    if (completion.res == -EINVAL) can_stay_armed_ = false;
    slot.arrivals.note(*buffers_, completion);
    if (Operation* reader = slot.waiting[static_cast<std::size_t>(Direction::read)]) {
      if (slot.arrivals.serve(*buffers_, *reader))
        complete(*reader);
      else if (!slot.arrivals.is_armed)
        start(*reader, &slot);
    } else if (slot.arrivals.is_armed && slot.arrivals.queue.has_several()) {
      disarm(slot, number);  // what its handler does not ask for stays with the peer
    }
    if (slot.arrivals.is_armed) return;
    if (slot.is_closing) --census_.operations;
    leave(slot, {number, slot.generation});
  }

  // --- completions ---

  void take(const io_uring_cqe& completion) {
    if (completion.user_data == ignored) return;
    if (completion.user_data == wake_up) return take_wake(completion);
    if ((completion.user_data & ((1U << tag_bits) - 1)) == arrival) return take_arrival(completion);
    auto& operation = *reinterpret_cast<Operation*>(completion.user_data);
    Slot* slot = operation.handle ? slots_.find(operation.handle) : nullptr;
    if (operation.kind == Kind::receive_lease)
      static_cast<ReceiveLease&>(operation).lease = buffers_->named_by(completion);
    const Ending asked = asked_of(operation, slot);
    if (!finish(operation, slot, completion.res, asked)) {
      // A cancel that came after this completion has found nothing: it would not come again.
      if (asked == Ending::none) return start(operation, slot);
      operation.finish(asked);
    }
    complete(operation);
  }

  void complete(Operation& operation) {
    Slot* slot = operation.handle ? slots_.find(operation.handle) : nullptr;
    if (slot != nullptr) {
      if (group_of(operation.kind) == Group::peer) waiting(*slot, operation) = nullptr;
      leave(*slot, operation.handle);
    }
    --census_.operations;
    completed_.push(operation);
  }

  void leave(Slot& slot, Handle handle) {
    if (--slot.in_flight == 0 && slot.is_closing) close(handle);
  }

  void watch_for_wake() {
    io_uring_sqe& entry = ring_.next(wake_up);
    io_uring_prep_poll_multishot(&entry, event_.get(), POLLIN);
    io_uring_sqe_set_data64(&entry, wake_up);
  }

  void take_wake(const io_uring_cqe& completion) {
    event_.clear();
    is_woken_.exchange(false);  // a wake before this is seen by the loop after this reap
    if ((completion.flags & IORING_CQE_F_MORE) == 0) watch_for_wake();
  }

  void close(Handle handle) {
    Slot& slot = *slots_.find(handle);
    if (buffers_) slot.arrivals.drop(*buffers_);
    slot.mode.restore(slot.descriptor);
    if (slot.kind == HandleKind::file)
      pools_.close_file(slot.descriptor);
    else
      ::close(slot.descriptor);
    slots_.remove(handle);
    --census_.handles;
  }

  JobQueue& completed_;
  std::unique_ptr<RingBuffers> buffers_;  // made by the first that needs them; outlives the ring
  sys::Ring ring_;
  sys::EventFd event_;
  mutable std::unique_ptr<sys::EventFd> notice_;  // for a foreign loop, if there is one
  mutable std::atomic<sys::EventFd*> notice_to_wake_ = nullptr;  // that one, for other threads
  std::atomic<bool> is_woken_ = false;
  PoolAccess pools_;  // may wake until the end of its life
  SlotTable<Slot> slots_;
  bool can_stay_armed_ = true;
};

}  // namespace

std::unique_ptr<Engine> make_uring_engine(JobQueue& completed, unsigned entries,
                                          std::shared_ptr<WorkPools> pools) {
  return std::make_unique<UringEngine>(completed, entries, std::move(pools));
}

}  // namespace duet::io
