#include "support/model_test.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "support/skip_reason.hpp"
#include "sys/limits.hpp"

namespace duet::test {
namespace {

constexpr unsigned longest_seconds = 110;

}  // namespace

void ModelTest::SetUp() {
  ::alarm(longest_seconds);
  sys::raise_descriptor_limit();
  sys::ignore_broken_pipes();
  descriptors_before_ = descriptors_of(::getpid()).size();
  try {
    Model::choose(model().model, model().engine);
  } catch (const UnavailableModel& reason) {
    GTEST_SKIP() << not_here(reason.what());
  }
}

void ModelTest::TearDown() {
  EXPECT_EQ(descriptors_of(::getpid()).size(), descriptors_before_);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  ::alarm(0);
}

}  // namespace duet::test
