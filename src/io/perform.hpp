#pragma once
// The one way from an operation to system calls, shared by all engines that make calls themselves.

#include "duet/io/operation.hpp"
#include "sys/socket.hpp"

namespace duet::io {

enum class Outcome : unsigned char {
  done,
  done_short,   // done, and a read moved fewer bytes than there was room for
  would_block,  // or, in a blocking attempt, interrupted: to be tried again
};

// A peer operation. A blocking attempt waits, unless the descriptor's own mode forbids it, until it
// is done or a signal comes; what it has moved by then counts.
Outcome perform(Operation& operation, int descriptor, HandleKind kind, sys::Mode mode);

// An error of accept(2) that is the connection's, not the listener's: the next may be fine.
bool is_of_connection(std::int64_t result) noexcept;

// A disk operation. Without waiting: would_block when the answer is not in the kernel's caches.
enum class Disk : bool { cached_only, may_wait };
Outcome perform_on_disk(Operation& operation, int descriptor, Disk disk);

// An immediate operation; sets its result.
void perform_now(Operation& operation, int descriptor);

}  // namespace duet::io
