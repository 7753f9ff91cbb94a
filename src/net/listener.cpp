#include "duet/net/listener.hpp"

namespace duet {
namespace {

int open(Loop& loop, const Address& address) {
  io::OpenSocket open(address.family);
  perform_at_once(loop, open, [address] { return address.text(); });
  return static_cast<int>(open.result);
}

}  // namespace

Listener::Listener(const Address& address, Options options)
    : Listener(Loop::current(), address, options) {}

Listener::Listener(Loop& loop, const Address& address, Options options)
    : state_(std::make_unique<State>(loop, open(loop, address))) {
  state_->address = address;
  auto perform = [&](io::Operation& operation) {
    perform_at_once(loop, operation, capture(state_.get()));
  };
  auto set = [&](SocketOption option) {
    io::SetOption setting(state_->handle, option, 1);
    perform(setting);
  };
  bool is_ip = address.family != Address::Family::local;
  if (is_ip) {
    set(SocketOption::reuse_address);
    set(SocketOption::no_delay);  // Linux hands it on to the connections
    if (options.port_sharing == PortSharing::join) set(SocketOption::reuse_port);
  }
  if (address.family == Address::Family::ip6) set(SocketOption::only_ip6);
  io::Bind bind(state_->handle, address);
  perform(bind);
  // Set before bind, it would let us in beside another program of the same user: socket(7).
  if (is_ip && options.port_sharing == PortSharing::first) set(SocketOption::reuse_port);
  io::Listen listen(state_->handle, options.backlog);
  perform(listen);
  state_->address = local();
}

Listener Listener::adopt(Loop& loop, int descriptor) {
  Listener listener(std::make_unique<State>(loop, descriptor));
  listener.state_->address = listener.local();
  return listener;
}

Wait<io::Accept> Listener::accept() noexcept {
  return {io::Accept(state_->handle), capture, state_.get()};
}

Address Listener::local() const {
  io::LocalName name(state_->handle);
  perform_at_once(state_->loop, name, capture(state_.get()));
  return name.address;
}

void Listener::close() noexcept { state_->loop.engine().release(state_->handle); }

IoError::Subject Listener::capture(const void* state) {
  return [address = static_cast<const State*>(state)->address] { return address.text(); };
}

}  // namespace duet
