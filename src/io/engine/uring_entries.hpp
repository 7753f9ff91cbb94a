#pragma once
// Operations as entries of the ring. No state but what the kernel reads while an entry is in
// flight, which is the slot's.

#include <memory>

#include "duet/io/operation.hpp"
#include "io/adopted_mode.hpp"
#include "io/engine/arrivals.hpp"
#include "io/slot_table.hpp"
#include "sys/ring.hpp"
#include "sys/socket.hpp"

namespace duet::io {

// In an operation's engine_words: the Ending asked for; whether a receive waits for readiness, or
// how often a file was to be opened.
inline constexpr std::size_t ending_word = 0;
inline constexpr std::size_t by_poll_word = 1;
inline constexpr std::size_t attempts_word = 1;

struct UringSlot : BasicSlot {
  AdoptedMode mode;
  bool is_closing = false;
  bool accepts_by_poll = false;
  std::uint16_t in_flight = 0;  // operations, and an armed receive
  Arrivals arrivals;
  Operation* waiting[2] = {};                // a peer operation in flight per direction
  std::unique_ptr<sys::SocketAddress> name;  // of an accept or connect in flight
  std::unique_ptr<sys::Gather> gather;       // of a send of two parts in flight
};

// The ring cannot read or change a directory, and its own helper threads would make the other
// calls: those that take several steps are not for it.
bool is_for_ring(const Operation& operation);

// Fills an entry in, but for its user data, with any operation but receive_lease. Only open_file
// has no slot.
void prepare(Operation& operation, UringSlot* slot, io_uring_sqe& entry);

// A receive into whichever of the kernel's buffers is free: one, or one after the other for as long
// as it stays armed.
enum class Receives : unsigned char { one, many };
void prepare_receive(const UringSlot& slot, Receives how_many, io_uring_sqe& entry);

}  // namespace duet::io
