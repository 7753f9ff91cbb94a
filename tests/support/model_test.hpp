#pragma once
// The fixture of the conformance suite: one body, run under each model. A test that takes too long
// is killed, and so are its servers; one that leaves a descriptor or a child behind fails.

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "support/client_socket.hpp"
#include "support/model_case.hpp"
#include "support/process_facts.hpp"
#include "support/server_process.hpp"
#include "support/test_scale.hpp"

namespace duet::test {

class ModelTest : public testing::TestWithParam<ModelCase> {
 public:
  // Skips, with the reason, a model that this machine cannot run.
  void SetUp() override;
  void TearDown() override;

 protected:
  const ModelCase& model() const { return GetParam(); }
  Options options() const { return model().options(); }

  // Why there cannot be 1000 connections at a time, for those who can serve several; empty if there
  // can.
  std::string why_not_a_thousand() const;

 private:
  std::size_t descriptors_before_ = 0;
};

}  // namespace duet::test
