// The proactor: every operation that may wait becomes an entry of the ring, and its completion is
// the operation's. One system call a turn submits all that is new and waits.
//
// A completion may come after the loop has asked for the operation's end, and may still be a
// success; the operation, its buffers and its descriptor stay until it has come. Closing a
// descriptor with a receive pending would give no completion, and the kernel would still write into
// the buffer, so release cancels, waits for the last completion and only then closes.

#include <algorithm>
#include <atomic>
#include <memory>

#include "duet/io/engines.hpp"
#include "io/adopted_mode.hpp"
#include "io/engine/ring_buffers.hpp"
#include "io/perform.hpp"
#include "io/pool_access.hpp"
#include "io/slot_table.hpp"
#include "sys/event_fd.hpp"
#include "sys/file.hpp"
#include "sys/poll.hpp"
#include "sys/ring.hpp"

namespace duet::io {
namespace {

struct Slot : BasicSlot {
  AdoptedMode mode;
  bool is_closing = false;
  Operation* waiting[2] = {};  // a peer operation in flight per direction
  std::uint16_t in_flight = 0;
  std::unique_ptr<sys::SocketAddress> name;  // of an accept or connect in flight
  std::unique_ptr<sys::Gather> gather;       // of a send of two parts in flight
};

// What is not an operation's address.
enum Tag : std::uint64_t { ignored = 0, wake_up = 1 };

// An entry of the ring counts bytes in 32 bits; so much is enough for one transfer.
template <class Byte>
std::span<Byte> transferable(std::span<Byte> bytes) {
  constexpr std::size_t transfer_bytes_max = std::size_t{1} << 30;
  return bytes.first(std::min(bytes.size(), transfer_bytes_max));
}

// The ring cannot read or change a directory, and its own helper threads would make the other
// calls: those that take several steps are made by the pool's.
bool is_for_ring(const Operation& operation) {
  switch (operation.kind) {
    case Kind::open_file:
      return static_cast<const OpenFile&>(operation).access != FileAccess::temporary;
    case Kind::change_file:
      return static_cast<const ChangeFile&>(operation).change != FileChange::resize;
    case Kind::copy_piece:
    case Kind::list_folder:
    case Kind::change_path:
    case Kind::start_program:
    case Kind::call: return false;
    default: return true;
  }
}

// In an operation's engine_words: the Ending asked for; whether a receive waits for readiness, or
// how often a file was to be opened.
constexpr std::size_t ending_word = 0;
constexpr std::size_t by_poll_word = 1;
constexpr std::size_t attempts_word = 1;

class UringEngine final : public Engine {
 public:
  UringEngine(JobQueue& completed, unsigned entries, std::shared_ptr<WorkPools> pools)
      : completed_(completed), ring_(entries), pools_(std::move(pools), [this] { wake(); }) {
    watch_for_wake();
  }

  ~UringEngine() override {
    while (pending_ > 0) reap(never);  // what was released last
  }

  Handle adopt(int descriptor, HandleKind kind) override {
    // The ring arms a poll by itself only for a descriptor in blocking mode; what we read ourselves
    // after a poll must not block. A file's mode matters only when it has to be waited for.
    bool stays_blocking = is_stream(kind) || kind == HandleKind::listener;
    Handle handle = slots_.add(descriptor, kind);
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
    for (Operation* operation : slot->waiting)
      if (operation != nullptr) ask_to_end(*operation);
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
        waiting(*slot, operation) = &operation;
        break;
    }
    operation.engine_words[ending_word] = static_cast<std::uint64_t>(Ending::none);
    operation.engine_words[by_poll_word] = 0;
    bool is_ours = is_for_ring(operation);
    if (!is_ours && !pools_.run(operation, descriptor)) return Progress::done;
    if (slot != nullptr) ++slot->in_flight;
    ++pending_;
    if (is_ours) start(operation, slot);
    return Progress::pending;
  }

  void cancel(Operation& operation, Ending why) override {
    if (group_of(operation.kind) == Group::disk) {
      if (!is_for_ring(operation)) pools_.cancel(operation, why);
      return;
    }
    if (slots_.find(operation.handle) == nullptr) return;
    std::uint64_t& asked = operation.engine_words[ending_word];
    if (asked != static_cast<std::uint64_t>(Ending::none)) return;
    asked = static_cast<std::uint64_t>(why);
    ask_to_end(operation);
  }

  void reap(TimePoint deadline) override {
    if (notice_) notice_->clear();
    ring_.submit_and_wait(deadline);
    ring_.for_each([this](const io_uring_cqe& completion) { take(completion); });
    JobQueue returned;
    pools_.collect(returned);
    while (!returned.empty()) complete(static_cast<Operation&>(returned.pop()));
  }

  void wake() noexcept override {
    if (!is_woken_.exchange(true)) event_.signal();
  }

  int descriptor() const noexcept override {
    if (notice_) return notice_->get();
    try {
      auto notice = std::make_unique<sys::EventFd>();
      if (!ring_.signal_completions(notice->get())) return -1;
      notice->signal();  // of what has completed meanwhile
      notice_ = std::move(notice);
      return notice_->get();
    } catch (const IoError&) {
      return -1;
    }
  }

  EngineCensus census() const override {
    return {slots_.used(), pending_, buffers_ ? buffers_->leased() : 0};
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

  void ask_to_end(Operation& operation) {
    io_uring_sqe& entry = ring_.next(ignored);
    io_uring_prep_cancel64(&entry, data_of(operation), 0);
    io_uring_sqe_set_data64(&entry, ignored);
  }

  static sys::SocketAddress& name_of(Slot& slot) {
    if (!slot.name) slot.name = std::make_unique<sys::SocketAddress>();
    return *slot.name;
  }

  void start(Operation& operation, Slot* slot) {
    io_uring_sqe* entry = &ring_.next(data_of(operation));
    switch (operation.kind) {
      case Kind::open_file: {
        auto& open = static_cast<OpenFile&>(operation);
        // The ring only reads what it takes for changeable.
        auto* how = const_cast<open_how*>(&sys::open_how_beneath(open.access, open.caching));
        io_uring_prep_openat2(entry, open.directory, open.path.c_str(), how);
        break;
      }
      case Kind::write_at: start_write(static_cast<WriteAt&>(operation), *slot, entry); break;
      case Kind::change_file:
        start_change(static_cast<ChangeFile&>(operation), slot->descriptor, entry);
        break;
      case Kind::read_at: {
        auto& read = static_cast<ReadAt&>(operation);
        sys::set_mode(slot->descriptor, sys::Mode::blocking);  // else: EAGAIN instead of a wait
        std::span<std::byte> room = transferable(read.buffer);
        io_uring_prep_read(entry, slot->descriptor, room.data(), static_cast<unsigned>(room.size()),
                           read.offset_bytes);
        break;
      }
      case Kind::accept: {
        sys::SocketAddress& name = name_of(*slot);
        name = sys::SocketAddress();
        io_uring_prep_accept(entry, slot->descriptor, name.get(), &name.length, SOCK_CLOEXEC);
        break;
      }
      case Kind::connect: {
        sys::SocketAddress& name = name_of(*slot);
        name = sys::SocketAddress(static_cast<Connect&>(operation).address);
        io_uring_prep_connect(entry, slot->descriptor, name.get(), name.length);
        break;
      }
      case Kind::receive: start_receive(static_cast<Receive&>(operation), *slot, entry); break;
      case Kind::receive_lease: start_receive(operation, *slot, entry); break;
      case Kind::send: start_send(static_cast<Send&>(operation), *slot, entry); break;
      case Kind::await_exit:
      case Kind::await_readable: io_uring_prep_poll_add(entry, slot->descriptor, POLLIN); break;
      case Kind::await_writable: io_uring_prep_poll_add(entry, slot->descriptor, POLLOUT); break;
      default: break;
    }
    io_uring_sqe_set_data64(entry, data_of(operation));
  }

  static void start_write(const WriteAt& operation, const Slot& slot, io_uring_sqe* entry) {
    std::span<const std::byte> bytes = transferable(operation.rest());
    sys::set_mode(slot.descriptor, sys::Mode::blocking);
    io_uring_prep_write(entry, slot.descriptor, bytes.data(), static_cast<unsigned>(bytes.size()),
                        operation.appends ? 0 : operation.position());
    if (operation.appends) entry->rw_flags = RWF_APPEND;
  }

  static void start_change(const ChangeFile& operation, int descriptor, io_uring_sqe* entry) {
    if (operation.change == FileChange::allocate)
      return io_uring_prep_fallocate(entry, descriptor, 0, 0,
                                     static_cast<off_t>(operation.size_bytes));
    bool data_only = operation.change == FileChange::sync_data;
    io_uring_prep_fsync(entry, descriptor, data_only ? IORING_FSYNC_DATASYNC : 0);
  }

  // A descriptor that is no stream socket is waited for by the ring and read by us: a read of, say,
  // a signalfd would occupy one of the kernel's worker threads on many kernels.
  static void start_receive(Receive& operation, Slot& slot, io_uring_sqe* entry) {
    if (!is_stream(slot.kind)) return io_uring_prep_poll_add(entry, slot.descriptor, POLLIN);
    std::span<std::byte> room = transferable(operation.buffer.subspan(operation.transferred));
    io_uring_prep_recv(entry, slot.descriptor, room.data(), room.size(),
                       operation.whole ? MSG_WAITALL : 0);
  }

  // The kernel takes one of its buffers when there is something to receive. Without such buffers,
  // or when all are out, the ring waits and we receive into one of the loop's.
  void start_receive(Operation& operation, const Slot& slot, io_uring_sqe* entry) {
    if (!buffers_) buffers_ = std::make_unique<RingBuffers>(ring_);
    std::uint64_t& is_by_poll = operation.engine_words[by_poll_word];
    if (!is_stream(slot.kind) || !buffers_->is_usable()) is_by_poll = 1;
    if (is_by_poll != 0) return io_uring_prep_poll_add(entry, slot.descriptor, POLLIN);
    io_uring_prep_recv(entry, slot.descriptor, nullptr, 0, 0);
    io_uring_sqe_set_flags(entry, IOSQE_BUFFER_SELECT);
    entry->buf_group = RingBuffers::group;
  }

  bool finish_receive(ReceiveLease& operation, const Slot& slot, const io_uring_cqe& completion) {
    std::uint64_t& is_by_poll = operation.engine_words[by_poll_word];
    if (completion.res == -ENOBUFS && is_by_poll == 0) {
      is_by_poll = 1;
      return false;
    }
    if (is_by_poll != 0 && completion.res >= 0)
      return perform(operation, slot.descriptor, slot.kind, sys::Mode::nonblocking) !=
             Outcome::would_block;
    operation.finish(completion.res);
    return true;
  }

  // A buffer without bytes goes back at once.
  void take_buffer(Operation& operation, const io_uring_cqe& completion) {
    std::byte* buffer = buffers_->named_by(completion);
    if (buffer == nullptr) return;
    Lease lease(*buffers_, buffer, static_cast<std::size_t>(std::max(completion.res, 0)));
    if (completion.res > 0) static_cast<ReceiveLease&>(operation).lease = std::move(lease);
  }

  static void start_send(Send& operation, Slot& slot, io_uring_sqe* entry) {
    if (!is_stream(slot.kind)) return io_uring_prep_poll_add(entry, slot.descriptor, POLLOUT);
    auto [first, second] = operation.rest();
    unsigned flags = MSG_NOSIGNAL | (operation.whole ? MSG_WAITALL : 0);
    if (!second.empty()) {
      slot.gather = std::make_unique<sys::Gather>(first, transferable(second));
      return io_uring_prep_sendmsg(entry, slot.descriptor, &slot.gather->message, flags);
    }
    first = transferable(first);
    io_uring_prep_send(entry, slot.descriptor, first.data(), first.size(), static_cast<int>(flags));
  }

  void take(const io_uring_cqe& completion) {
    if (completion.user_data == ignored) return;
    if (completion.user_data == wake_up) return take_wake(completion);
    auto& operation = *reinterpret_cast<Operation*>(completion.user_data);
    Slot* slot = operation.handle ? slots_.find(operation.handle) : nullptr;
    if (operation.kind == Kind::receive_lease) take_buffer(operation, completion);
    if (!finish(operation, slot, completion)) {
      // A cancel that came after this completion has found nothing: it would not come again.
      Ending asked = asked_of(operation, slot);
      if (asked == Ending::none) return start(operation, slot);
      operation.finish(asked);
    }
    complete(operation);
  }

  void complete(Operation& operation) {
    Slot* slot = operation.handle ? slots_.find(operation.handle) : nullptr;
    if (slot != nullptr) leave(operation, *slot);
    --pending_;
    completed_.push(operation);
  }

  // False when there is more to do.
  bool finish(Operation& operation, Slot* slot, const io_uring_cqe& completion) {
    std::int64_t result = completion.res;
    Ending asked = asked_of(operation, slot);
    bool is_interrupted = result == -ECANCELED || result == -EINTR || result == -EAGAIN;
    if (is_interrupted && asked != Ending::none) {
      operation.finish(asked);
      return true;
    }
    if (operation.kind == Kind::open_file && result == -EAGAIN && !can_be_opened_again(operation))
      result = -EBUSY;
    else if (is_interrupted && result != -ECANCELED)
      return false;
    switch (operation.kind) {
      case Kind::accept:
        if (is_of_connection(result)) return false;
        if (result >= 0) static_cast<Accept&>(operation).peer = slot->name->value();
        operation.finish(result);
        return true;
      case Kind::receive: return finish_transfer(static_cast<Receive&>(operation), *slot, result);
      case Kind::receive_lease:
        return finish_receive(static_cast<ReceiveLease&>(operation), *slot, completion);
      case Kind::send: return finish_transfer(static_cast<Send&>(operation), *slot, result);
      case Kind::write_at: return finish_write(static_cast<WriteAt&>(operation), result);
      case Kind::await_exit:
        if (result >= 0) return perform_after_poll(operation, *slot);
        operation.finish(result);
        return true;
      case Kind::await_readable:
      case Kind::await_writable: operation.finish(std::min<std::int64_t>(result, 0)); return true;
      default: operation.finish(result); return true;
    }
  }

  // As sys::open_beneath has it.
  static bool can_be_opened_again(Operation& operation) {
    return ++operation.engine_words[attempts_word] < std::uint64_t{sys::open_attempts_max};
  }

  static bool finish_write(WriteAt& operation, std::int64_t result) {
    if (result > 0) operation.transferred += static_cast<std::size_t>(result);
    if (result > 0 && !operation.rest().empty()) return false;
    if (result == 0 && !operation.rest().empty()) result = -EIO;
    operation.finish(result < 0 ? result : static_cast<std::int64_t>(operation.transferred));
    return true;
  }

  static bool perform_after_poll(Operation& operation, const Slot& slot) {
    return perform(operation, slot.descriptor, slot.kind, sys::Mode::nonblocking) !=
           Outcome::would_block;
  }

  static std::size_t size_of(const Receive& operation) { return operation.buffer.size(); }
  static std::size_t size_of(const Send& operation) { return operation.size(); }

  template <class Transfer>
  static bool finish_transfer(Transfer& operation, Slot& slot, std::int64_t result) {
    if (!is_stream(slot.kind) && result >= 0) return perform_after_poll(operation, slot);
    if (result > 0) operation.transferred += static_cast<std::size_t>(result);
    bool is_partial = operation.whole && operation.transferred < size_of(operation);
    if (result > 0 && is_partial) return false;
    operation.finish(result < 0 ? result : static_cast<std::int64_t>(operation.transferred));
    return true;
  }

  void leave(Operation& operation, Slot& slot) {
    if (group_of(operation.kind) == Group::peer) waiting(slot, operation) = nullptr;
    if (--slot.in_flight == 0 && slot.is_closing) close(operation.handle);
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
    const Slot& slot = *slots_.find(handle);
    slot.mode.restore(slot.descriptor);
    if (slot.kind == HandleKind::file)
      pools_.close_file(slot.descriptor);
    else
      ::close(slot.descriptor);
    slots_.remove(handle);
  }

  JobQueue& completed_;
  std::unique_ptr<RingBuffers> buffers_;  // made by the first that needs them; outlives the ring
  sys::Ring ring_;
  sys::EventFd event_;
  mutable std::unique_ptr<sys::EventFd> notice_;  // for a foreign loop, if there is one
  PoolAccess pools_;
  std::atomic<bool> is_woken_ = false;
  SlotTable<Slot> slots_;
  std::size_t pending_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_uring_engine(JobQueue& completed, unsigned entries,
                                          std::shared_ptr<WorkPools> pools) {
  return std::make_unique<UringEngine>(completed, entries, std::move(pools));
}

}  // namespace duet::io
