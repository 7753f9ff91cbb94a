#pragma once
// Why a test of a behaviour is skipped; every GTEST_SKIP of the conformance suite has one of these
// texts, for the table of docs/conformance.md is made of them. Any other skip makes no table.

#include <string>

namespace duet::test {

// The model refuses this, as its documents say; `seen_by` is the test that sees what it does
// instead: "Suite.test", as this test is called without the model.
inline std::string refused(const std::string& why, const std::string& seen_by) {
  return "refused: " + why + "; seen by " + seen_by;
}

// This machine, or this build, cannot try it. The model is not excused.
inline std::string not_here(const std::string& why) { return "not here: " + why; }

}  // namespace duet::test
