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

std::string ModelTest::why_not_a_thousand() const {
  if (model().has_workers()) return {};
  if (model().spins())
    return refused("each connection that waits uses a processor",
                   "Accepting.connections_that_wait_use_a_processor_only_if_they_spin");
  if (model().has_threads() && model().engine == "select")
    return refused("each connection has more descriptors than one, and select(2) waits for 1024",
                   "SelectLimit.a_connection_beyond_it_is_closed_and_logged_and_others_are_served");
  return {};
}

void ModelTest::TearDown() {
  EXPECT_EQ(descriptors_of(::getpid()).size(), descriptors_before_);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  ::alarm(0);
}

}  // namespace duet::test
