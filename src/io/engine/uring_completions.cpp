#include "io/engine/uring_completions.hpp"

#include <algorithm>

#include "io/perform.hpp"
#include "sys/file.hpp"

namespace duet::io {
namespace {

bool is_interruption(std::int64_t result) {
  return result == -ECANCELED || result == -EINTR || result == -EAGAIN;
}

bool perform_after_poll(Operation& operation, const UringSlot& slot) {
  return perform(operation, slot.descriptor, slot.kind, sys::Mode::nonblocking) !=
         Outcome::would_block;
}

// As sys::open_beneath has it.
bool can_be_opened_again(Operation& operation) {
  return ++operation.engine_words[attempts_word] < std::uint64_t{sys::open_attempts_max};
}

bool finish_accept(Accept& operation, const UringSlot& slot, std::int64_t result) {
  if (slot.accepts_by_poll && result >= 0) return perform_after_poll(operation, slot);
  if (is_of_connection(result)) return false;
  if (result >= 0) operation.peer = slot.name->value();
  operation.finish(result);
  return true;
}

std::size_t size_of(const Receive& operation) { return operation.buffer.size(); }
std::size_t size_of(const Send& operation) { return operation.size(); }

template <class Transfer>
bool finish_transfer(Transfer& operation, const UringSlot& slot, std::int64_t result) {
  if (!is_stream(slot.kind) && result >= 0) return perform_after_poll(operation, slot);
  if (result > 0) operation.transferred += static_cast<std::size_t>(result);
  bool is_partial = operation.whole && operation.transferred < size_of(operation);
  if (result > 0 && is_partial) return false;
  operation.finish(result < 0 ? result : static_cast<std::int64_t>(operation.transferred));
  return true;
}

bool finish_lease(ReceiveLease& operation, const UringSlot& slot, std::int64_t result) {
  std::uint64_t& is_by_poll = operation.engine_words[by_poll_word];
  if (result == -ENOBUFS && is_by_poll == 0) {
    is_by_poll = 1;
    return false;
  }
  if (is_by_poll != 0 && result >= 0) return perform_after_poll(operation, slot);
  operation.finish(result);
  return true;
}

bool finish_write(WriteAt& operation, std::int64_t result) {
  if (result > 0) operation.transferred += static_cast<std::size_t>(result);
  if (result > 0 && !operation.rest().empty()) return false;
  if (result == 0 && !operation.rest().empty()) result = -EIO;
  operation.finish(result < 0 ? result : static_cast<std::int64_t>(operation.transferred));
  return true;
}

}  // namespace

bool finish(Operation& operation, UringSlot* slot, std::int64_t result, Ending asked) {
  const bool is_interrupted = is_interruption(result);
  if (is_interrupted && asked != Ending::none) {
    operation.finish(asked);
    return true;
  }
  if (operation.kind == Kind::open_file && result == -EAGAIN && !can_be_opened_again(operation))
    result = -EBUSY;
  else if (is_interrupted && result != -ECANCELED)
    return false;
  switch (operation.kind) {
    case Kind::accept: return finish_accept(static_cast<Accept&>(operation), *slot, result);
    case Kind::receive: return finish_transfer(static_cast<Receive&>(operation), *slot, result);
    case Kind::receive_lease:
      return finish_lease(static_cast<ReceiveLease&>(operation), *slot, result);
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

}  // namespace duet::io
