#pragma once
// A Handle names a descriptor that an engine has adopted: a slot of the engine's table and the
// generation of the slot, so that a late event for a number that was closed and used again is
// recognised and dropped. A plain value, good on the loop of its engine only: to every other engine
// it is a closed one.

#include <cstdint>

namespace duet::io {

// What a descriptor is, as far as waiting for it differs.
enum class HandleKind : std::uint8_t {
  tcp,
  local_stream,  // a Unix stream socket
  listener,
  byte_pipe,  // a pipe that is not in packet mode
  file,       // never waits for a peer, but may wait for a disk
  watched,    // only waited for; somebody else has it, and its mode
  other,      // signalfd, terminals, datagram and seqpacket sockets, …
};

struct Handle {
  static constexpr std::uint32_t no_slot = UINT32_MAX;

  std::uint32_t slot = no_slot;
  std::uint32_t generation = 0;

  explicit operator bool() const noexcept { return slot != no_slot; }
  bool operator==(const Handle&) const = default;
};

}  // namespace duet::io
