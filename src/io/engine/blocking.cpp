// The blocking engine: submit records an operation, and reap, which the loop calls when nothing
// else is ready, makes the plain blocking call if exactly one is recorded. If there are several (a
// relay, an acceptor that also waits for signals), it waits in poll(2) and then tries them without
// blocking, since even a send that poll calls ready may block. Deadlines and wake-ups from other
// threads interrupt the call; they are nothing to wait for, so an operation with a deadline still
// takes the plain call.

#include <vector>

#include "duet/io/engines.hpp"
#include "io/adopted_mode.hpp"
#include "io/engine/alarm.hpp"
#include "io/operation_list.hpp"
#include "io/perform.hpp"
#include "io/slot_table.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

struct Slot : BasicSlot {
  AdoptedMode mode;
  bool is_busy[2] = {};  // per direction
};

// Only stream sockets take the plain blocking call; the rest, whose mode a call cannot override,
// goes through poll, and another process may be faster to what poll reported.
sys::Mode mode_for(HandleKind kind) {
  return is_stream(kind) ? sys::Mode::blocking : sys::Mode::nonblocking;
}

class BlockingEngine final : public Engine {
 public:
  explicit BlockingEngine(JobQueue& completed) : completed_(completed) {}

  Handle adopt(int descriptor, HandleKind kind) override {
    Handle handle = slots_.add(descriptor, kind);
    ++census_.handles;
    if (has_mode_of_engine(kind)) slots_.find(handle)->mode.set(descriptor, mode_for(kind));
    return handle;
  }

  void release(Handle handle) override {
    Slot* slot = slots_.find(handle);
    if (slot == nullptr) return;
    for (Operation* operation = recorded_.first(); operation != nullptr;) {
      Operation* following = OperationList::next(*operation);
      if (operation->handle == handle) cancel(*operation, Ending::closed);
      operation = following;
    }
    slot->mode.restore(slot->descriptor);
    ::close(slot->descriptor);
    slots_.remove(handle);
    --census_.handles;
  }

  Progress submit(Operation& operation) override {
    Slot* slot = slots_.find(operation.handle);
    if (slot == nullptr && operation.handle) {
      operation.finish(Ending::closed);
      return Progress::done;
    }
    int descriptor = slot == nullptr ? -1 : slot->descriptor;
    switch (group_of(operation.kind)) {
      case Group::immediate: perform_now(operation, descriptor); return Progress::done;
      case Group::disk:
        perform_on_disk(operation, descriptor, Disk::may_wait);
        return Progress::done;
      case Group::peer: break;
    }
    DUET_ASSERT(slot != nullptr);
    bool& is_busy = busy(*slot, operation);
    if (is_busy) {
      operation.finish(-EBUSY);
      return Progress::done;
    }
    is_busy = true;
    recorded_.add(operation);
    ++census_.operations;
    return Progress::pending;
  }

  void cancel(Operation& operation, Ending why) override {
    if (!recorded_.remove(operation)) return;
    operation.finish(why);
    complete(operation);
  }

  void reap(TimePoint deadline) override {
    if (recorded_.has_one() && deadline != past && takes_plain_call(*recorded_.first()))
      reap_by_plain_call(deadline);
    else
      reap_by_poll(deadline);
  }

  void wake() noexcept override { alarm_.ring(); }

 private:
  static bool& busy(Slot& slot, const Operation& operation) {
    return slot.is_busy[static_cast<std::size_t>(direction_of(operation.kind))];
  }

  bool takes_plain_call(const Operation& operation) {
    if (!is_stream(slots_.find(operation.handle)->kind)) return false;
    return operation.kind != Kind::connect || !static_cast<const Connect&>(operation).started;
  }

  void reap_by_plain_call(TimePoint deadline) {
    alarm_.set(deadline);
    if (alarm_.take_ring()) return;
    if (attempt(*recorded_.first(), sys::Mode::blocking)) return;
    alarm_.acknowledge();  // interrupted: the loop looks at its timers and posts
  }

  void reap_by_poll(TimePoint deadline) {
    alarm_.set(never);
    if (alarm_.take_ring()) deadline = past;
    if (recorded_.is_empty() && deadline == past) return;
    polled_.clear();
    polled_operations_.clear();
    for (Operation* operation = recorded_.first(); operation != nullptr;
         operation = OperationList::next(*operation)) {
      bool reads = direction_of(operation->kind) == Direction::read;
      polled_operations_.push_back(operation);
      polled_.push_back({.fd = slots_.find(operation->handle)->descriptor,
                         .events = static_cast<short>(reads ? POLLIN : POLLOUT),
                         .revents = 0});
    }
    std::int64_t ready = sys::poll_interruptible(polled_, sys::Timeout(deadline));
    if (ready == -EINTR) alarm_.acknowledge();
    if (ready > 0) attempt_polled();
  }

  // At most one accept at a time: a connection that nobody has taken yet would be inherited by the
  // child that is forked for another one, and stay open for as long as that lives.
  void attempt_polled() {
    bool has_accepted = false;
    for (std::size_t i = 0; i < polled_.size(); ++i) {
      bool accepts = polled_operations_[i]->kind == Kind::accept;
      if (polled_[i].revents == 0 || (accepts && has_accepted)) continue;
      if (attempt(*polled_operations_[i], sys::Mode::nonblocking) && accepts) has_accepted = true;
    }
  }

  bool attempt(Operation& operation, sys::Mode mode) {
    const Slot& slot = *slots_.find(operation.handle);
    if (perform(operation, slot.descriptor, slot.kind, mode) == Outcome::would_block) return false;
    recorded_.remove(operation);
    complete(operation);
    return true;
  }

  void complete(Operation& operation) {
    busy(*slots_.find(operation.handle), operation) = false;
    --census_.operations;
    completed_.push(operation);
  }

  JobQueue& completed_;
  Alarm alarm_;
  SlotTable<Slot> slots_;
  OperationList recorded_;
  std::vector<pollfd> polled_;  // kept for their memory
  std::vector<Operation*> polled_operations_;
};

}  // namespace

std::unique_ptr<Engine> make_blocking_engine(JobQueue& completed) {
  return std::make_unique<BlockingEngine>(completed);
}

}  // namespace duet::io
