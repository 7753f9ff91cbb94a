#pragma once
// How a coroutine waits for an operation. A Wait<Op> is what stream.read_some(…) and its like
// return: the operation itself, kept in the frame of the coroutine that awaits it.
//
//   std::size_t n = co_await peer.read_some(buffer);                   // throws IoError
//   std::size_t n = co_await peer.read_some(buffer).within(60s);       // or Errc::timed_out
//   auto n = co_await as_expected(peer.read_some(buffer));             // std::expected
//
// It begins when it is awaited and then may not be moved. If the operation completes at once the
// coroutine is not suspended. If the coroutine's scope is cancelled, the operation is asked to end;
// when it has, Cancelled is thrown, unless the operation took effect after all: then its result is
// returned. Under a drain, or for another connection's sake, only a wait marked `idle` ends.
//
// Once an operation is done, or its deadline has passed, before the loop looks again, what happens
// is decided in this order: a completion counts although the deadline has passed, too, for what the
// engine reports and what other threads have given is taken before timers fire; of two timers the
// one that is due earlier fires first, of equal ones the one that was set first. A cancellation by
// another task acts at once, on what the loop has not yet seen to be complete.

#include <array>
#include <expected>
#include <system_error>

#include "duet/base/error.hpp"
#include "duet/io/operation.hpp"
#include "duet/loop/loop.hpp"
#include "duet/loop/plain_wait.hpp"

namespace duet {

// The results of operations.
inline std::size_t value_of(io::Receive& done) noexcept { return done.transferred; }
inline Lease value_of(io::ReceiveLease& done) noexcept { return std::move(done.lease); }
inline std::size_t value_of(io::Send& done) noexcept { return done.transferred; }
inline std::size_t value_of(io::ReadAt& done) noexcept {
  return static_cast<std::size_t>(done.result);
}
inline void value_of(io::WriteAt&) noexcept {}
inline void value_of(io::ChangeFile&) noexcept {}
inline void value_of(io::ChangePath&) noexcept {}
inline std::uint64_t value_of(io::CopyPiece& done) noexcept {
  return static_cast<std::uint64_t>(done.result);
}
inline std::vector<FolderEntry> value_of(io::ListFolder& done) noexcept {
  return std::move(done.entries);
}
inline int value_of(io::OpenFile& done) noexcept { return static_cast<int>(done.result); }
inline void value_of(io::Connect&) noexcept {}
inline ExitStatus value_of(io::AwaitExit& done) noexcept { return done.status; }

// A program that was started and belongs to no loop yet.
struct StartedProgram {
  int pidfd;
  int process;
  std::array<int, 3> ends;  // as in io::StartProgram
};
inline StartedProgram value_of(io::StartProgram& done) noexcept {
  return {static_cast<int>(done.result), done.process, done.ends};
}

// A connection that was accepted and belongs to no loop yet.
struct Accepted {
  int descriptor;
  io::HandleKind kind;
  Address peer;
};
inline Accepted value_of(io::Accept& done) noexcept {
  bool is_local = done.peer.family == Address::Family::local;
  return {static_cast<int>(done.result),
          is_local ? io::HandleKind::local_stream : io::HandleKind::tcp, std::move(done.peer)};
}

class OperationWait : private CancelNode, private Timer {
 public:
  OperationWait& operator=(const OperationWait&) = delete;

  // What the job of a pending operation runs, and the scope of the task that waits for it.
  static void completed(Job& job);
  static const CancelScope* scope_of(const Job& job) noexcept;

 protected:
  // Captures, at the throw of an error, what the operation was about.
  using Capture = IoError::Subject (*)(const void* about);

  OperationWait(Capture capture, const void* about) noexcept
      : CancelNode(notify), Timer(fire), capture_(capture), about_(about) {}
  OperationWait(OperationWait&& other) noexcept = default;  // before it has begun
  ~OperationWait() = default;

  // True when the coroutine has to stay suspended.
  bool begin(PromiseBase& waiter, io::Operation& operation);

  void throw_if_cancelled(const io::Operation& operation) const;
  [[noreturn]] void fail(const io::Operation& operation, std::error_code error) const;

  Duration timeout_ = Duration::max();

 private:
  static void notify(CancelNode& node, Notice notice);
  static void fire(Timer& timer);
  void limit(Duration delay, io::Ending ending);
  CancelScope* scope() const noexcept { return waiter_->scope(); }

  Capture capture_;
  const void* about_;
  PromiseBase* waiter_ = nullptr;
  io::Operation* operation_ = nullptr;
  io::Ending ending_at_deadline_ = io::Ending::timed_out;

 protected:
  bool is_idle_ = false;
};

// What an operation failed with; no error when it succeeded.
std::error_code error_of(const io::Operation& operation) noexcept;

template <class Op>
class [[nodiscard]] Wait : public OperationWait {
 public:
  using Value = decltype(value_of(std::declval<Op&>()));

  Wait(Op operation, Capture capture, const void* about) noexcept
      : OperationWait(capture, about), operation_(std::move(operation)) {}

  // The operation's own deadline, from the moment it begins: Errc::timed_out.
  Wait&& within(Delay timeout) && noexcept {
    timeout_ = timeout;
    return std::move(*this);
  }

  // Waiting for a peer that owes us nothing: ends soon when the server drains, or when it is full
  // and another connection waits.
  Wait&& idle(bool is_idle) && noexcept {
    is_idle_ = is_idle;
    return std::move(*this);
  }

  bool await_ready() const noexcept { return false; }

  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return begin(waiter.promise(), operation_);
  }

  Value await_resume() {
    throw_if_cancelled(operation_);
    if (std::error_code error = error_of(operation_)) fail(operation_, error);
    return value_of(operation_);
  }

  std::expected<Value, std::error_code> take_expected() {
    throw_if_cancelled(operation_);
    if (std::error_code error = error_of(operation_)) return std::unexpected(error);
    if constexpr (std::is_void_v<Value>)
      return {};
    else
      return value_of(operation_);
  }

 private:
  Op operation_;
};

// The same wait, whose failure is a value.
template <class Op>
class [[nodiscard]] ExpectedWait {
 public:
  explicit ExpectedWait(Wait<Op>&& wait) noexcept : wait_(std::move(wait)) {}
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> waiter) {
    return wait_.await_suspend(waiter);
  }
  auto await_resume() { return wait_.take_expected(); }

 private:
  Wait<Op> wait_;
};

template <class Op>
ExpectedWait<Op> as_expected(Wait<Op>&& wait) noexcept {
  return ExpectedWait<Op>(std::move(wait));
}

// For a task: what it throws as IoError, or any std::system_error, is the error.
template <class T>
Task<std::expected<T, std::error_code>> as_expected(Task<T> task) {
  using Result = std::expected<T, std::error_code>;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return Result();
    } else {
      T value = co_await std::move(task);
      co_return Result(std::move(value));
    }
  } catch (const std::system_error& error) {
    co_return Result(std::unexpect, error.code());
  }
}

// For operations that complete at once, outside of a coroutine too. Throws IoError.
void perform_at_once(Loop& loop, io::Operation& operation, IoError::Subject about = {});

}  // namespace duet
