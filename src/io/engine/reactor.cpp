// The reactor: tries a call, and when it would block waits for readiness and tries again.
//
// Readiness is kept per direction and handle, so that a report which nobody waits for is stored,
// not lost, and a call that is known to block is not made. It is cleared by EAGAIN, or, for reads
// of TCP sockets and pipes, by a short read, which proves that nothing is left; but not on a handle
// that has ever reported an end, an error or urgent data, since then bytes or the end of the stream
// may stand behind a short read with no further report.

#include "io/engine/reactor.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include "duet/base/error.hpp"
#include "duet/io/engines.hpp"
#include "io/adopted_mode.hpp"
#include "io/perform.hpp"
#include "io/pool_access.hpp"
#include "io/slot_table.hpp"
#include "sys/wake_pipe.hpp"

namespace duet::io {
namespace {

// One for each connection, however idle: bits, since its size is what that costs.
struct Slot : BasicSlot {
  AdoptedMode mode;
  bool is_registered : 1 = false;
  bool was_exceptional : 1 = false;
  bool is_closing : 1 = false;  // released; waits for a pool's thread
  bool is_readable : 1 = true;  // until a call says otherwise
  bool is_writable : 1 = true;
  std::uint16_t on_disk = 0;
  Operation* waiters[2] = {};

  bool is_ready(Direction direction) const {
    return direction == Direction::read ? is_readable : is_writable;
  }
  void set_ready(Direction direction, bool is_so) {
    if (direction == Direction::read)
      is_readable = is_so;
    else
      is_writable = is_so;
  }
  Operation*& waiter(Direction direction) { return waiters[static_cast<std::size_t>(direction)]; }
};

std::uint64_t token_of(Handle handle) {
  return std::uint64_t{handle.generation} << 32 | handle.slot;
}

constexpr std::uint64_t wake_token = UINT64_MAX;

class ReactorEngine final : public Engine {
 public:
  ReactorEngine(JobQueue& completed, std::unique_ptr<SelectorMechanism> selector,
                const DiskAccessFactory& make_access)
      : completed_(completed),
        selector_(std::move(selector)),
        disk_(make_access([this] { wake(); })) {
    if (selector_->wake()) return;
    wake_ = std::make_unique<sys::WakePipe>();
    selector_->add(wake_->get(), {.readable = true}, wake_token);
    selector_->rearm(wake_->get(), Direction::read);
  }

  Handle adopt(int descriptor, HandleKind kind) override {
    Handle handle = slots_.add(descriptor, kind);
    ++census_.handles;
    // Stream sockets are called with MSG_DONTWAIT and files with RWF_NOWAIT; the rest has only the
    // mode of its description, which may be shared with another process: release restores it.
    if (!is_stream(kind) && has_mode_of_engine(kind))
      slots_.find(handle)->mode.set(descriptor, sys::Mode::nonblocking);
    return handle;
  }

  void release(Handle handle) override {
    Slot* slot = slots_.find(handle);
    if (slot == nullptr || slot->is_closing) return;
    for (Operation* waiter : slot->waiters)
      if (waiter != nullptr) end(*slot, *waiter, Ending::closed);
    if (slot->is_registered) selector_->remove(slot->descriptor);
    slot->mode.restore(slot->descriptor);
    slot->is_closing = true;
    if (slot->on_disk == 0) close(handle);
  }

  Progress submit(Operation& operation) override {
    Slot* slot = nullptr;
    if (operation.handle) {
      slot = slots_.find(operation.handle);
      if (slot == nullptr || slot->is_closing) return refuse(operation, Ending::closed);
    }
    switch (group_of(operation.kind)) {
      case Group::immediate:
        perform_now(operation, slot == nullptr ? -1 : slot->descriptor);
        return Progress::done;
      case Group::disk: return submit_to_disk(operation, slot);
      case Group::peer: break;
    }
    DUET_ASSERT(slot != nullptr);
    return submit_to_peer(operation, *slot);
  }

  void cancel(Operation& operation, Ending why) override {
    if (group_of(operation.kind) == Group::disk) return disk_->cancel(operation, why);
    Slot* slot = slots_.find(operation.handle);
    if (slot == nullptr) return;
    if (slot->waiter(direction_of(operation.kind)) == &operation) end(*slot, operation, why);
  }

  void reap(TimePoint deadline) override {
    TimePoint next_look = disk_->next_look();
    for (const Report& report : selector_->wait(std::min(deadline, next_look))) {
      if (report.token == wake_token)
        rearm_wake();
      else
        take(report);
    }
    // A wake before this is seen by the loop after this reap.
    bool was_woken = !wake_ && is_woken_.load() && is_woken_.exchange(false);
    if (was_woken || next_look != never) collect_from_disk();
  }

  void wake() noexcept override {
    if (!is_woken_.exchange(true) && !selector_->wake()) wake_->signal();
  }

  int descriptor() const noexcept override {
    return disk_->always_wakes() ? selector_->descriptor() : -1;
  }

 private:
  static Progress refuse(Operation& operation, Ending why) {
    operation.finish(why);
    return Progress::done;
  }

  Progress submit_to_peer(Operation& operation, Slot& slot) {
    Direction direction = direction_of(operation.kind);
    if (slot.waiter(direction) != nullptr) {
      operation.finish(-EBUSY);
      return Progress::done;
    }
    if (slot.is_ready(direction) && attempt(operation, slot, direction)) return Progress::done;
    if (!wait_for(operation, slot, direction)) return Progress::done;
    slot.waiter(direction) = &operation;
    ++census_.operations;
    return Progress::pending;
  }

  // True when the operation has completed; else the direction is no longer ready.
  bool attempt(Operation& operation, Slot& slot, Direction direction) {
    Outcome outcome = perform(operation, slot.descriptor, slot.kind, sys::Mode::nonblocking);
    if (outcome == Outcome::would_block) slot.set_ready(direction, false);
    if (outcome == Outcome::done_short && is_emptied_by_short_read(slot))
      slot.set_ready(direction, false);
    return outcome != Outcome::would_block;
  }

  static bool is_emptied_by_short_read(const Slot& slot) {
    return (slot.kind == HandleKind::tcp || slot.kind == HandleKind::byte_pipe) &&
           !slot.was_exceptional;
  }

  bool wait_for(Operation& operation, Slot& slot, Direction direction) {
    try {
      if (!slot.is_registered) {
        // One direction alone where nobody need have tried a call.
        bool is_watched = slot.kind == HandleKind::watched;
        selector_->add(slot.descriptor,
                       {.readable = !is_watched || direction == Direction::read,
                        .writable = !is_watched || direction == Direction::write},
                       token_of(operation.handle));
        slot.is_registered = true;
      }
      selector_->rearm(slot.descriptor, direction);
      return true;
    } catch (const IoError& error) {
      if (error.code() == Errc::descriptor_too_high)
        operation.finish(Ending::descriptor_too_high);
      else
        operation.finish(-error.code().value());
      return false;
    }
  }

  void take(const Report& report) {
    Handle handle{static_cast<std::uint32_t>(report.token),
                  static_cast<std::uint32_t>(report.token >> 32)};
    Slot* slot = slots_.find(handle);
    if (slot == nullptr || slot->is_closing) return;  // a late report of an earlier owner
    if (report.events.exceptional) slot->was_exceptional = true;
    if (report.events.readable) take(*slot, Direction::read);
    if (report.events.writable) take(*slot, Direction::write);
  }

  void take(Slot& slot, Direction direction) {
    slot.set_ready(direction, true);
    if (slot.waiter(direction) == nullptr) return;
    Operation& operation = *slot.waiter(direction);
    if (attempt(operation, slot, direction)) {
      slot.waiter(direction) = nullptr;
      --census_.operations;
      completed_.push(operation);
    } else {
      selector_->rearm(slot.descriptor, direction);
    }
  }

  void end(Slot& slot, Operation& operation, Ending why) {
    slot.waiter(direction_of(operation.kind)) = nullptr;
    --census_.operations;
    operation.finish(why);
    completed_.push(operation);
  }

  void rearm_wake() {
    if (is_woken_.load()) {
      wake_->clear();
      is_woken_.exchange(false);
    }
    selector_->rearm(wake_->get(), Direction::read);
    collect_from_disk();
  }

  Progress submit_to_disk(Operation& operation, Slot* slot) {
    int descriptor = slot == nullptr ? -1 : slot->descriptor;
    if (perform_on_disk(operation, descriptor, Disk::cached_only) != Outcome::would_block)
      return Progress::done;
    if (!disk_->run(operation, descriptor)) return Progress::done;
    if (slot != nullptr) ++slot->on_disk;
    ++census_.operations;
    return Progress::pending;
  }

  void collect_from_disk() {
    JobQueue returned;
    disk_->collect(returned);
    while (!returned.empty()) {
      auto& operation = static_cast<Operation&>(returned.pop());
      --census_.operations;
      Slot* slot = operation.handle ? slots_.find(operation.handle) : nullptr;
      if (slot != nullptr && --slot->on_disk == 0 && slot->is_closing) close(operation.handle);
      completed_.push(operation);
    }
  }

  void close(Handle handle) {
    const Slot& slot = *slots_.find(handle);
    if (slot.kind == HandleKind::file)
      disk_->close_file(slot.descriptor);
    else
      ::close(slot.descriptor);
    slots_.remove(handle);
    --census_.handles;
  }

  JobQueue& completed_;
  const std::unique_ptr<SelectorMechanism> selector_;
  std::unique_ptr<sys::WakePipe> wake_;  // unless the selector wakes itself
  std::atomic<bool> is_woken_ = false;
  const std::unique_ptr<DiskAccess> disk_;  // may wake until the end of its life
  SlotTable<Slot> slots_;
};

}  // namespace

std::unique_ptr<Engine> make_reactor(JobQueue& completed,
                                     std::unique_ptr<SelectorMechanism> selector,
                                     const DiskAccessFactory& make_access) {
  return std::make_unique<ReactorEngine>(completed, std::move(selector), make_access);
}

std::unique_ptr<Engine> make_reactor_engine(JobQueue& completed,
                                            std::unique_ptr<SelectorMechanism> selector,
                                            std::shared_ptr<WorkPools> pools) {
  auto make_access = [&pools](std::function<void()> wake) {
    return std::make_unique<PoolAccess>(std::move(pools), std::move(wake));
  };
  return make_reactor(completed, std::move(selector), make_access);
}

}  // namespace duet::io
