// What the reactor that polls pays for it.

#include <sys/resource.h>

#include "io/engine_test.hpp"
#include "support/test_scale.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

using EngineSpinning = EngineTest;
INSTANTIATE_TEST_SUITE_P(engines, EngineSpinning, ::testing::Values("spin"), engine_name);

Duration used_by_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// A busy machine may let it have less than a whole one.
TEST_P(EngineSpinning, uses_a_processor_while_nothing_is_ready) {
  Duration before = used_by_thread();
  EXPECT_TRUE(eventually([&] {
    engine_->reap(Clock::now() + 5ms);
    return used_by_thread() - before > 20ms;
  }));
}

}  // namespace
}  // namespace duet::test
