#pragma once
// Waiting for a descriptor that duet does not own, as those of libraries that do their own I/O:
//
//   co_await wait_readable(PQsocket(connection)).within(5s);
//
// Completes when a read (or write) would not block: data, room, an end or an error. The descriptor
// keeps its mode and its owner, and may be waited for in both directions at once; it has to stay
// open until the wait has completed. On cancellation nothing has happened. Throws IoError: EBADF
// for a descriptor that is closed, EMFILE, since a wait needs a descriptor of its own, and under
// select(2) Errc::descriptor_too_high, when that one has the number 1024 or more.

#include "duet/io/await_readiness.hpp"
#include "duet/loop/wait.hpp"

namespace duet {

inline Wait<io::AwaitReadiness> wait_readable(int descriptor) {
  return {io::AwaitReadiness(Loop::current().engine(), descriptor, io::Direction::read), nullptr,
          nullptr};
}

inline Wait<io::AwaitReadiness> wait_writable(int descriptor) {
  return {io::AwaitReadiness(Loop::current().engine(), descriptor, io::Direction::write), nullptr,
          nullptr};
}

}  // namespace duet
