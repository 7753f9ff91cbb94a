#include "duet/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace duet {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "duet: %s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace duet
