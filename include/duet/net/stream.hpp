#pragma once
// A Stream is a connected stream socket, TCP or Unix, of one loop; or one end of a pipe, which
// reads or writes and has no names. It closes the connection at the end of its life; operations in
// flight must have ended by then, or end with Errc::closed when close() was called. One task may
// read while another writes. A stream may be moved at any time, but not to another loop: there its
// operations fail with Errc::closed. It is destroyed before its loop. Connections may be on loops
// of their own, so what one has to tell another goes through a Channel.

#include <memory>
#include <span>

#include "duet/loop/wait.hpp"
#include "duet/sys/address.hpp"

namespace duet {

class Stream {
 public:
  Stream(Loop& loop, Accepted connection);
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;
  ~Stream() = default;

  // Completes when some bytes have come: 1 to buffer.size(), or 0 when the peer has ended its side
  // (or the buffer is empty). On cancellation no byte was taken. Idle, unless `expects_more`.
  Wait<io::Receive> read_some(std::span<std::byte> buffer) noexcept;

  // The same without a buffer to wait with: completes with a lease on one that the loop provides,
  // and an empty one at the end of the stream. So a connection that waits needs no memory, unless
  // it blocks a thread of its own, whose call wants a buffer. The lease is for what is done before
  // the next wait for a peer: copy what is needed longer.
  Wait<io::ReceiveLease> receive() noexcept;

  // Completes when the buffer is full; Errc::end_of_stream if the peer ends before that. Cancelled
  // or timed out, some bytes may have been taken, and nobody says how many: who wants to read on
  // reads by read_some. A single transfer takes all or nothing, this takes several.
  Wait<io::Receive> read_exact(std::span<std::byte> buffer) noexcept;

  // Completes when the kernel has taken some of the bytes, or all; returns how many. The memory
  // must stay until then. Cancelled or timed out, a part may have been sent, and the stream takes
  // no further bytes: Errc::cut_short.
  Wait<io::Send> write_some(std::span<const std::byte> bytes) noexcept;
  Wait<io::Send> write_all(std::span<const std::byte> bytes) noexcept;

  // Both pieces, one after the other, in one call if the kernel takes them.
  Wait<io::Send> write_all(std::span<const std::byte> first,
                           std::span<const std::byte> second) noexcept;

  // Ends our side: the peer reads to the end of what was written, then 0. Reading goes on. A pipe,
  // which has one side only, is closed.
  void finish();

  // Whether the end of the connection is a reset instead of an end of stream, so that the peer does
  // not take what it got for all; what was not sent yet is lost. No effect on a Unix socket.
  void reset_at_close(bool resets);

  // Ends both sides now; operations in flight end with Errc::closed.
  void close() noexcept;

  // Between two requests a wait for the peer's next bytes is idle, and a server that drains ends it
  // soon; within a request it is not. Idle at first.
  void expect_more(bool is_within_request) noexcept { state_->expects_more = is_within_request; }

  Loop& loop() const noexcept { return state_->loop; }
  const Address& peer() const noexcept { return state_->peer; }
  Address local() const;

 private:
  struct State {
    State(Loop& of, Accepted connection)
        : loop(of),
          handle(of.engine().adopt(connection.descriptor, connection.kind)),
          kind(connection.kind),
          peer(std::move(connection.peer)) {}
    ~State() { loop.engine().release(handle); }

    Loop& loop;
    const io::Handle handle;
    const io::HandleKind kind;
    const Address peer;
    bool expects_more = false;
    bool is_write_cut_short = false;
  };

  friend Task<Stream> connect(Address to);

  Wait<io::Connect> connect_to_peer() noexcept;
  Wait<io::Send> write(io::Send send) noexcept;
  void set(SocketOption option, int value);
  static IoError::Subject capture(const void* state);

  std::unique_ptr<State> state_;
};

// Connects on the current loop. Throws IoError.
Task<Stream> connect(Address to);

inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span(text));
}

}  // namespace duet
