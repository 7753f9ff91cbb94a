#pragma once
// What tests of fibers share.

#include "duet/loop/fiber.hpp"
#include "loop/scope_fixture.hpp"

namespace duet::test {

class FiberFixture : public ScopeFixture {
 protected:
  void SetUp() override {
    if (!sys::has_fibers()) GTEST_SKIP() << "duet was compiled without Boost.Context";
    ScopeFixture::SetUp();
  }

  template <class Function>
  void run_fiber(Function function) {
    loop_->run(fiber(std::move(function)));
  }

  // Its depth, half of it on fibers' stacks and half on the loop's.
  static Task<int> count_down(int from) {
    if (from == 0) co_return 0;
    auto in_fiber = [](int left) { return wait(count_down(left)); };
    Task<int> task = fiber(in_fiber, from - 1);
    int depth = co_await std::move(task);
    co_return depth + 1;
  }
};

}  // namespace duet::test
