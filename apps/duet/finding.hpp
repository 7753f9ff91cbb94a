#pragma once
// What duet doctor found out about one thing: how it is, whether that will do, why, and what to
// type. Findings come from pure functions of the facts, so that tests can feed them any machine.

#include <cstdint>
#include <string>
#include <vector>

#include "machine_facts.hpp"

namespace duet::app {

enum class Verdict : std::uint8_t {
  fine,
  could_be_better,
  will_hurt,  // a server on this machine; the exit code says so
};

struct Finding {
  std::string name;
  Verdict verdict = Verdict::fine;
  std::string is;
  std::string why;
  std::string cure;  // what to type or change; may be empty where the verdict is fine
};

using Findings = std::vector<Finding>;

Findings model_findings(const MachineFacts& facts);
Findings machine_findings(const MachineFacts& facts);  // kernel, cores, libraries
Findings limit_findings(const MachineFacts& facts);    // of the process
Findings tcp_findings(const MachineFacts& facts);

// What to change so that a pair that this machine refuses runs.
std::string cure_of(const PairFacts& pair, const MachineFacts& facts);

// Whether a kernel's release, "5.10.0-28-amd64", is before major.minor.
bool is_before(const std::string& kernel, int major, int minor);

// All of them, in the order in which they are read.
Findings findings(const MachineFacts& facts);

}  // namespace duet::app
