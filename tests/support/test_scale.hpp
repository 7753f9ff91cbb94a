#pragma once
// How much a test does, and how long it waits for what must come. DUET_TEST_SCALE (1 when unset)
// multiplies the rounds of every test that repeats itself.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "duet/base/time.hpp"

namespace duet::test {

// Long enough for a machine that is busy with other things; reached only by a test that fails.
inline constexpr Duration patience = std::chrono::seconds(30);

inline double test_scale() {
  const char* text = std::getenv("DUET_TEST_SCALE");
  double scale = text == nullptr ? 1.0 : std::strtod(text, nullptr);
  return scale > 0 ? scale : 1.0;
}

// At least `least`, which is enough for the behaviour to show at all.
inline int scaled(int rounds, int least = 1) {
  return std::max(least, static_cast<int>(rounds * test_scale()));
}

// How many times longer than on an idle machine something takes that is measured by the clock: the
// number of tasks that want to run for each processor.
inline double machine_load() {
  double load = 0;
  if (::getloadavg(&load, 1) != 1) return 1;
  return std::max(1.0, load / static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

// Waits for what cannot announce itself, such as another process' state.
template <class Condition>
bool eventually(Condition condition, Duration limit = patience) {
  TimePoint deadline = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace duet::test
