#include "duet/net/stream.hpp"

namespace duet {
namespace {

io::HandleKind kind_of(const Address& address) noexcept {
  return address.family == Address::Family::local ? io::HandleKind::local_stream
                                                  : io::HandleKind::tcp;
}

IoError::Subject capture_address(const void* address) {
  return [copy = *static_cast<const Address*>(address)] { return copy.text(); };
}

}  // namespace

Stream::Stream(Loop& loop, Accepted connection)
    : state_(std::make_unique<State>(loop, std::move(connection))) {}

Wait<io::Receive> Stream::read_some(std::span<std::byte> buffer) noexcept {
  Wait<io::Receive> wait(io::Receive(state_->handle, buffer, false), capture, state_.get());
  return std::move(wait).idle(!state_->expects_more);
}

Wait<io::ReceiveLease> Stream::receive() noexcept {
  Wait<io::ReceiveLease> wait(io::ReceiveLease(state_->handle, state_->loop.buffers()), capture,
                              state_.get());
  return std::move(wait).idle(!state_->expects_more);
}

Wait<io::Receive> Stream::read_exact(std::span<std::byte> buffer) noexcept {
  Wait<io::Receive> wait(io::Receive(state_->handle, buffer, true), capture, state_.get());
  return std::move(wait).idle(!state_->expects_more);
}

Wait<io::Send> Stream::write(io::Send send) noexcept {
  send.is_cut_short = &state_->is_write_cut_short;
  return {send, capture, state_.get()};
}

Wait<io::Send> Stream::write_some(std::span<const std::byte> bytes) noexcept {
  return write(io::Send(state_->handle, bytes, false));
}

Wait<io::Send> Stream::write_all(std::span<const std::byte> bytes) noexcept {
  return write(io::Send(state_->handle, bytes, true));
}

Wait<io::Send> Stream::write_all(std::span<const std::byte> first,
                                 std::span<const std::byte> second) noexcept {
  return write(io::Send(state_->handle, first, second));
}

void Stream::finish() {
  if (state_->kind == io::HandleKind::byte_pipe) return close();
  io::Shutdown shutdown(state_->handle);
  perform_at_once(state_->loop, shutdown, capture(state_.get()));
}

void Stream::close() noexcept { state_->loop.engine().release(state_->handle); }

void Stream::reset_at_close(bool resets) { set(SocketOption::reset_at_close, resets ? 1 : 0); }

void Stream::set(SocketOption option, int value) {
  io::SetOption setting(state_->handle, option, value);
  perform_at_once(state_->loop, setting, capture(state_.get()));
}

Address Stream::local() const {
  io::LocalName name(state_->handle);
  perform_at_once(state_->loop, name, capture(state_.get()));
  return name.address;
}

Wait<io::Connect> Stream::connect_to_peer() noexcept {
  return {io::Connect(state_->handle, state_->peer), capture, state_.get()};
}

IoError::Subject Stream::capture(const void* state) {
  return capture_address(&static_cast<const State*>(state)->peer);
}

Task<Stream> connect(Address to) {
  Loop& loop = Loop::current();
  io::OpenSocket open(to.family);
  perform_at_once(loop, open, capture_address(&to));
  Stream stream(loop, {static_cast<int>(open.result), kind_of(to), to});
  if (to.family != Address::Family::local) stream.set(SocketOption::no_delay, 1);
  co_await stream.connect_to_peer();
  co_return stream;
}

}  // namespace duet
