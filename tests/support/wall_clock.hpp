#pragma once
// The wall clock as this test program, and a server it forks afterwards, read it: set forward or
// back while timers run, without the right to set the system's. Any thread.

#include "duet/base/time.hpp"

namespace duet::test {

void step_wall_clock(Delay by);

}  // namespace duet::test
