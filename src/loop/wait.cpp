#include "duet/loop/wait.hpp"

#include <algorithm>

#include "duet/io/call.hpp"
#include "loop/held_mutex.hpp"

namespace duet {
namespace {

std::string_view name_of(FileChange change) noexcept {
  switch (change) {
    case FileChange::sync:
    case FileChange::sync_data: return "sync";
    case FileChange::resize: return "resize";
    case FileChange::allocate: return "allocate";
  }
  return "change";
}

std::string_view name_of(PathChange change) noexcept {
  switch (change) {
    case PathChange::make_folder: return "make folder";
    case PathChange::remove_folder: return "remove folder";
    case PathChange::remove: return "remove";
    case PathChange::rename: return "rename";
    case PathChange::name: return "name file";
  }
  return "change";
}

std::string_view name_of(const io::Operation& operation) noexcept {
  switch (operation.kind) {
    case io::Kind::open_socket: return "socket";
    case io::Kind::bind: return "bind";
    case io::Kind::listen: return "listen";
    case io::Kind::set_option: return "setsockopt";
    case io::Kind::local_name: return "getsockname";
    case io::Kind::shutdown: return "shutdown";
    case io::Kind::stat: return "stat";
    case io::Kind::send_signal: return "signal";
    case io::Kind::open_file: return "open";
    case io::Kind::read_at: return "read";
    case io::Kind::write_at: return "write";
    case io::Kind::change_file:
      return name_of(static_cast<const io::ChangeFile&>(operation).change);
    case io::Kind::copy_piece: return "copy";
    case io::Kind::list_folder: return "list";
    case io::Kind::change_path:
      return name_of(static_cast<const io::ChangePath&>(operation).change);
    case io::Kind::start_program: return "start";
    case io::Kind::call: return "offload to";
    case io::Kind::accept: return "accept";
    case io::Kind::connect: return "connect to";
    case io::Kind::receive:
    case io::Kind::receive_lease: return "receive from";
    case io::Kind::await_exit: return "wait for";
    case io::Kind::send: return "send to";
    case io::Kind::await_readable: return "wait to read";
    case io::Kind::await_writable: return "wait to write";
  }
  return "operation";
}

bool is_cut_short(const io::Operation& operation) noexcept {
  if (operation.kind != io::Kind::receive) return false;
  const auto& receive = static_cast<const io::Receive&>(operation);
  return receive.whole && receive.transferred < receive.buffer.size();
}

// recv(2) into no memory would wait for a first byte all the same.
bool asks_for_nothing(const io::Operation& operation) noexcept {
  return operation.kind == io::Kind::receive &&
         static_cast<const io::Receive&>(operation).buffer.empty();
}

// Bytes behind a write that was cut short would be taken for its rest.
bool follows_a_cut(const io::Operation& operation) noexcept {
  if (operation.kind != io::Kind::send) return false;
  const bool* is_cut_short = static_cast<const io::Send&>(operation).is_cut_short;
  return is_cut_short != nullptr && *is_cut_short;
}

void note_cut(io::Operation& operation) noexcept {
  if (operation.ending == io::Ending::none || operation.kind != io::Kind::send) return;
  bool* is_cut_short = static_cast<io::Send&>(operation).is_cut_short;
  if (is_cut_short != nullptr) *is_cut_short = true;
}

// A call to a disk may have taken its time on this very thread.
bool is_late(const io::Operation& operation, const CancelScope* scope) {
  return group_of(operation.kind) == io::Group::disk && scope != nullptr &&
         scope->deadline() != never && Clock::now() >= scope->deadline();
}

io::Progress submit(Loop& loop, io::Operation& operation) {
  if (operation.ending != io::Ending::none) return io::Progress::done;  // refused when it was made
  if (follows_a_cut(operation)) {
    operation.finish(io::Ending::cut_short);
    return io::Progress::done;
  }
  if (!asks_for_nothing(operation)) return loop.engine().submit(operation);
  operation.finish(0);
  return io::Progress::done;
}

}  // namespace

std::error_code error_of(const io::Operation& operation) noexcept {
  if (operation.ending == io::Ending::timed_out) return Errc::timed_out;
  if (operation.ending == io::Ending::closed) return Errc::closed;
  if (operation.ending == io::Ending::cut_short) return Errc::cut_short;
  if (operation.ending == io::Ending::misaligned) return Errc::misaligned;
  if (operation.result == -EBUSY && group_of(operation.kind) == io::Group::peer) return Errc::busy;
  if (operation.ending == io::Ending::refused) return Errc::queue_full;
  if (operation.ending == io::Ending::descriptor_too_high) return Errc::descriptor_too_high;
  if (operation.result < 0) return {static_cast<int>(-operation.result), std::system_category()};
  if (is_cut_short(operation)) return Errc::end_of_stream;
  return {};
}

bool OperationWait::begin(PromiseBase& waiter, io::Operation& operation) {
  Loop& loop = Loop::current();
  CancelScope* scope = waiter.scope();
  waiter_ = &waiter;
  operation_ = &operation;
  if (scope != nullptr && scope->is_cancelled()) {
    operation.finish(io::Ending::cancelled);
    return gives_way(waiter);  // or a loop that swallows Cancelled would keep all others waiting
  }
  if (operation.kind == io::Kind::call)
    static_cast<io::Call&>(operation).deadline =
        std::min(after(loop.now(), timeout_), scope == nullptr ? never : scope->deadline());
  operation.owner = this;
  operation.run = completed;
  if (submit(loop, operation) == io::Progress::done) {
    if (!is_late(operation, scope)) return gives_way(waiter);
    loop.make_ready(waiter);  // the timers come first
    return true;
  }
  if (scope != nullptr) {
    scope->add(*this);
    if (is_idle_) idle_since_ = loop.now();
    if (is_idle_ && scope->is_draining()) limit(scope->quiet(), io::Ending::drained);
  }
  if (timeout_ != Duration::max()) limit(timeout_, io::Ending::timed_out);
  report_held_mutexes(loop.log(), name_of(operation), capture_, about_);
  return true;
}

void OperationWait::limit(Duration delay, io::Ending ending) {
  Loop& loop = Loop::current();
  TimePoint deadline = after(loop.now(), delay);
  if (deadline >= due()) return;
  loop.timers().remove(*this);
  ending_at_deadline_ = ending;
  loop.timers().add(*this, deadline);
}

void OperationWait::fire(Timer& timer) {
  auto& wait = static_cast<OperationWait&>(timer);
  Loop::current().engine().cancel(*wait.operation_, wait.ending_at_deadline_);
}

void OperationWait::notify(CancelNode& node, Notice notice) {
  auto& wait = static_cast<OperationWait&>(node);
  if (notice == Notice::cancel)
    Loop::current().engine().cancel(*wait.operation_, io::Ending::cancelled);
  else if (notice == Notice::make_room)
    Loop::current().engine().cancel(*wait.operation_, io::Ending::drained);
  else if (wait.is_idle_)
    wait.limit(wait.scope()->quiet(), io::Ending::drained);
}

void OperationWait::completed(Job& job) {
  auto& operation = static_cast<io::Operation&>(job);
  auto& wait = *static_cast<OperationWait*>(operation.owner);
  note_cut(operation);
  static_cast<CancelNode&>(wait).unlink();
  if (wait.is_set()) Loop::current().timers().remove(wait);
  wait.waiter_->self().resume();
}

const CancelScope* OperationWait::scope_of(const Job& job) noexcept {
  return static_cast<OperationWait*>(static_cast<const io::Operation&>(job).owner)->scope();
}

void OperationWait::throw_if_cancelled(const io::Operation& operation) const {
  if (operation.ending == io::Ending::cancelled) throw Cancelled{scope()->reason()};
  if (operation.ending == io::Ending::drained) throw Cancelled{CancelReason::drain};
}

void OperationWait::fail(const io::Operation& operation, std::error_code error) const {
  throw IoError(error, name_of(operation), capture_ == nullptr ? nullptr : capture_(about_));
}

void perform_at_once(Loop& loop, io::Operation& operation, IoError::Subject about) {
  io::Progress progress = loop.engine().submit(operation);
  DUET_ASSERT(progress == io::Progress::done);
  if (std::error_code error = error_of(operation))
    throw IoError(error, name_of(operation), std::move(about));
}

}  // namespace duet
