#pragma once
// How often a test repeats itself: DUET_TEST_SCALE (1 when unset) multiplies the rounds.

#include <algorithm>
#include <cstdlib>

namespace duet::test {

inline int rounds(int at_scale_1) {
  const char* text = std::getenv("DUET_TEST_SCALE");
  double scale = text == nullptr ? 1.0 : std::strtod(text, nullptr);
  return std::max(1, static_cast<int>(at_scale_1 * (scale > 0 ? scale : 1.0)));
}

}  // namespace duet::test
