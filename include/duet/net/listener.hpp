#pragma once
// A Listener accepts connections on an address, TCP or Unix, on one loop. It stops listening at the
// end of its life, which comes before its loop's; a Unix socket's name is removed from the file
// system by whoever chose it.

#include "duet/net/stream.hpp"

namespace duet {

class Listener {
 public:
  // Several listeners may share a port, each with a part of the connections. The first claims the
  // port and fails if anybody else has it; the others join.
  enum class PortSharing : std::uint8_t { none, first, join };

  struct Options {
    Options() noexcept {}  // a default argument needs it in g++ 12
    int backlog = 4096;    // the kernel caps it at net.core.somaxconn
    PortSharing port_sharing = PortSharing::none;
  };

  // Binds and listens at once, on the current loop or the given one. SO_REUSEADDR is set, so that a
  // server may start again while old connections linger; accepted connections have TCP_NODELAY.
  // Port 0 chooses a free port. Throws IoError.
  Listener(Loop& loop, const Address& address, Options options = {});
  explicit Listener(const Address& address, Options options = {});

  // Takes over a socket that listens.
  static Listener adopt(Loop& loop, int descriptor);

  // The next connection, of no loop yet: Stream(loop, accepted) makes it one's own. Errors that
  // concern only that connection (the peer has left already) are not reported.
  Wait<io::Accept> accept() noexcept;

  Address local() const;
  void close() noexcept;

  // For handing it to another loop (a duplicate of it) or closing it in a forked child.
  int descriptor() const noexcept { return state_->descriptor; }

 private:
  struct State {
    State(Loop& of, int opened)
        : loop(of),
          descriptor(opened),
          handle(of.engine().adopt(opened, io::HandleKind::listener)) {}
    ~State() { loop.engine().release(handle); }
    Loop& loop;
    const int descriptor;
    const io::Handle handle;
    Address address;
  };

  explicit Listener(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
  static IoError::Subject capture(const void* state);

  std::unique_ptr<State> state_;
};

}  // namespace duet
