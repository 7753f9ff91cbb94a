#pragma once
// The fixture of tests that run a loop over each engine in the test's own process.

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "duet/loop/loop.hpp"
#include "duet/runtime/model.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {

inline const std::string engine_names[] = {"blocking", "spin", "select",   "signal", "poll",
                                           "epoll",    "aio",  "aio_poll", "uring"};

// Runs function(arguments…), a task, on a loop with that engine; expects that nothing is left.
// Skips, with the reason, an engine that this machine refuses.
template <class Function, class... Arguments>
void run_on_engine(const std::string& engine, Function function, Arguments&&... arguments) {
  if (Availability found = probe_engine(engine); !found.is_available)
    GTEST_SKIP() << not_here(found.reason);
  Log log;
  auto pools = std::make_shared<io::WorkPools>();
  Loop loop(Model::choose("thread", engine).connection_engine(pools), log);
  loop.run(function(std::forward<Arguments>(arguments)...));
  LoopCensus left = loop.census();
  EXPECT_EQ(left.frames, 0);
  EXPECT_EQ(left.operations, 0U);
  EXPECT_EQ(left.handles, 0U);
  EXPECT_EQ(left.timers, 0U);
  EXPECT_EQ(left.leases, 0U);
}

}  // namespace duet::test
