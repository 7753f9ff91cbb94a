#pragma once
// The names of signals, signal(7). The values are the kernel's, so that any other signal is a
// Signal, too: static_cast<Signal>(number).

namespace duet {

enum class Signal : int {
  hang_up = 1,
  interrupt = 2,
  quit = 3,
  abort = 6,
  kill = 9,
  user1 = 10,
  user2 = 12,
  broken_pipe = 13,
  alarm = 14,
  terminate = 15,
  child_ended = 17,
  resume = 18,
  stop = 19,
  window_changed = 28,
};

}  // namespace duet
