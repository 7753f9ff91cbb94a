#pragma once
// A fixture with a loop on each engine. It checks at the end of each test that the loop has nothing
// left: no frame, no operation, no handle, no timer.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/loop/loop.hpp"
#include "io/each_engine.hpp"

namespace duet::test {

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

  // The closure lives until the loop is done.
  void run(std::function<Task<>()> body) { loop_->run(call(body)); }

  static Task<> call(const std::function<Task<>()>& body) {
    Task<> task = body();
    co_await std::move(task);
  }

  Log log_{Log::Level::off};
  std::unique_ptr<Loop> loop_;
};

inline std::string engine_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace duet::test
