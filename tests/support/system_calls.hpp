#pragma once
// Counts the system calls of a thread in another process, ptrace(2).

#include <sys/types.h>

#include <functional>

namespace duet::test {

// How many system calls `thread` makes while `action` runs, which happens on a thread of its own.
// `thread` must wait in a call, the same before and after. Throws std::system_error where tracing
// is not permitted.
long system_calls_of(pid_t thread, const std::function<void()>& action);

}  // namespace duet::test
