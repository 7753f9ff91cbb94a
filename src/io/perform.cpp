#include "io/perform.hpp"

#include <algorithm>

#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/poll.hpp"

namespace duet::io {
namespace {

Outcome finish(Operation& operation, std::int64_t result) {
  if (result == -EAGAIN || result == -EINTR) return Outcome::would_block;
  operation.finish(result);
  return Outcome::done;
}

Outcome accept(Accept& operation, int descriptor) {
  sys::SocketAddress peer;
  std::int64_t result = 0;
  do {
    result = sys::accept_interruptible(descriptor, peer);
  } while (is_of_connection(result));
  if (result >= 0) operation.peer = peer.value();
  return finish(operation, result);
}

// A TCP connect that would block, or was interrupted, goes on in the kernel: a second call would
// say EALREADY, so its outcome is read from the socket once that is writable. A Unix socket's has
// not begun: interrupted it is called again, and EAGAIN, a full backlog, is its result.
Outcome connect(Connect& operation, int descriptor, sys::Mode mode) {
  if (operation.started) {
    std::int64_t error = sys::pending_error(descriptor);
    if (error == 0 && !sys::is_connected(descriptor)) return Outcome::would_block;
    operation.finish(error);
    return Outcome::done;
  }
  if (mode == sys::Mode::nonblocking) sys::set_mode(descriptor, mode);
  sys::SocketAddress peer(operation.address);
  std::int64_t result = sys::connect_interruptible(descriptor, peer);
  if (mode == sys::Mode::nonblocking) sys::set_mode(descriptor, sys::Mode::blocking);
  if (result == -EINPROGRESS || result == -EINTR) {
    operation.started = operation.address.family != Address::Family::local;
    return Outcome::would_block;
  }
  operation.finish(result);
  return Outcome::done;
}

// A count so far is the result of an operation that then meets an error: the error comes again.
template <class Transfer>
Outcome after_error(Transfer& operation, std::int64_t result) {
  if (result == -EAGAIN || result == -EINTR) return Outcome::would_block;
  operation.finish(operation.transferred > 0 && !operation.whole
                       ? static_cast<std::int64_t>(operation.transferred)
                       : result);
  return Outcome::done;
}

Outcome receive(Receive& operation, int descriptor, HandleKind kind, sys::Mode mode) {
  bool is_socket = kind == HandleKind::tcp || kind == HandleKind::local_stream;
  for (;;) {
    std::span<std::byte> room = operation.buffer.subspan(operation.transferred);
    std::int64_t result = is_socket
                              ? sys::receive_interruptible(descriptor, room, mode, operation.whole)
                              : sys::read_interruptible(descriptor, room);
    if (result < 0) return after_error(operation, result);
    auto count = static_cast<std::size_t>(result);
    operation.transferred += count;
    bool is_full = count == room.size();
    if (operation.whole && !is_full && count > 0) {
      if (mode == sys::Mode::blocking) return Outcome::would_block;  // a signal cut it short
      continue;
    }
    operation.finish(static_cast<std::int64_t>(operation.transferred));
    return is_full ? Outcome::done : Outcome::done_short;
  }
}

Outcome receive(ReceiveLease& operation, int descriptor, HandleKind kind, sys::Mode mode) {
  std::byte* buffer = operation.pool.try_take();
  if (buffer == nullptr) return finish(operation, -ENOBUFS);
  Receive into_buffer(operation.handle, {buffer, BufferPool::buffer_bytes}, false);
  Outcome outcome = receive(into_buffer, descriptor, kind, mode);
  Lease lease(operation.pool, buffer, into_buffer.transferred);
  if (outcome == Outcome::would_block) return outcome;
  operation.finish(into_buffer.result);
  if (into_buffer.result > 0) operation.lease = std::move(lease);
  return outcome;
}

Outcome send(Send& operation, int descriptor, HandleKind kind, sys::Mode mode) {
  bool is_socket = kind == HandleKind::tcp || kind == HandleKind::local_stream;
  for (;;) {
    auto [first, second] = operation.rest();
    std::int64_t result = !is_socket ? sys::write_interruptible(descriptor, first)
                          : second.empty()
                              ? sys::send_interruptible(descriptor, first, mode)
                              : sys::send_interruptible(descriptor, first, second, mode);
    if (result < 0) return after_error(operation, result);
    operation.transferred += static_cast<std::size_t>(result);
    if (operation.whole && operation.transferred < operation.size()) {
      if (mode == sys::Mode::blocking) return Outcome::would_block;  // a signal cut it short
      continue;
    }
    operation.finish(static_cast<std::int64_t>(operation.transferred));
    return Outcome::done;
  }
}

}  // namespace

bool is_of_connection(std::int64_t result) noexcept {
  switch (-result) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case EHOSTDOWN:
    case EHOSTUNREACH: return true;
    default: return false;
  }
}

Outcome perform(Operation& operation, int descriptor, HandleKind kind, sys::Mode mode) {
  switch (operation.kind) {
    case Kind::accept: return accept(static_cast<Accept&>(operation), descriptor);
    case Kind::connect: return connect(static_cast<Connect&>(operation), descriptor, mode);
    case Kind::receive: return receive(static_cast<Receive&>(operation), descriptor, kind, mode);
    case Kind::receive_lease:
      return receive(static_cast<ReceiveLease&>(operation), descriptor, kind, mode);
    case Kind::send: return send(static_cast<Send&>(operation), descriptor, kind, mode);
    case Kind::await_exit:
      return finish(operation,
                    sys::reap_child(descriptor, static_cast<AwaitExit&>(operation).status));
    case Kind::await_readable:
      return finish(operation, sys::is_ready(descriptor, POLLIN) ? 0 : -EAGAIN);
    case Kind::await_writable:
      return finish(operation, sys::is_ready(descriptor, POLLOUT) ? 0 : -EAGAIN);
    default: break;
  }
  operation.finish(-EINVAL);
  return Outcome::done;
}

void perform_now(Operation& operation, int descriptor) {
  switch (operation.kind) {
    case Kind::open_socket:
      operation.finish(sys::open_socket(static_cast<OpenSocket&>(operation).family));
      break;
    case Kind::bind:
      operation.finish(sys::bind(descriptor, static_cast<Bind&>(operation).address));
      break;
    case Kind::listen:
      operation.finish(sys::listen(descriptor, static_cast<Listen&>(operation).backlog));
      break;
    case Kind::set_option: {
      auto& option = static_cast<SetOption&>(operation);
      operation.finish(sys::set_option(descriptor, option.option, option.value));
      break;
    }
    case Kind::local_name: {
      sys::SocketAddress name;
      operation.finish(sys::local_name(descriptor, name));
      static_cast<LocalName&>(operation).address = name.value();
      break;
    }
    case Kind::shutdown: operation.finish(sys::shutdown_writing(descriptor)); break;
    case Kind::stat: {
      auto& stat = static_cast<Stat&>(operation);
      if (stat.asks_alignment) stat.alignment = sys::direct_alignment(descriptor);
      operation.finish(sys::stat(descriptor, stat.facts));
      break;
    }
    case Kind::send_signal:
      operation.finish(sys::signal_child(descriptor, static_cast<SendSignal&>(operation).signal));
      break;
    default: operation.finish(-EINVAL); break;
  }
}

}  // namespace duet::io
