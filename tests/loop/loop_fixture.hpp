#pragma once
// A fixture with a loop on each engine. It checks at the end of each test that the loop has nothing
// left: no frame, no operation, no handle, no timer.

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/loop/loop.hpp"
#include "io/each_engine.hpp"

namespace duet::test {

// The task of a closure, which is kept until the task has ended.
template <class Function, class... Arguments>
auto owned(Function function, Arguments... arguments)
    -> std::invoke_result_t<Function&, Arguments...> {
  auto task = function(std::move(arguments)...);
  co_return co_await std::move(task);
}

inline Task<> in_scope(Task<> task, CancelScope& scope) { co_await std::move(task).in(scope); }

class LoopTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (std::optional<std::string> why = refusal_of(GetParam())) GTEST_SKIP() << *why;
    loop_ = std::make_unique<Loop>(engine_factory(GetParam()), log_);
  }

  void TearDown() override {
    if (loop_) {
      EXPECT_EQ(loop_->census(), LoopCensus());
    }
  }

  void run(std::function<Task<>()> body) { loop_->run(owned(std::move(body))); }

  Log log_{Log::Level::off};
  std::unique_ptr<Loop> loop_;
};

inline std::string engine_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace duet::test
