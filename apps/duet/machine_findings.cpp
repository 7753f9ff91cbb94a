// The kernel, the cores, what duet is linked with; and the findings of all parts together.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "finding.hpp"

namespace duet::app {
namespace {

Finding kernel(const MachineFacts& facts) {
  Finding finding{"kernel", Verdict::fine, "Linux " + facts.kernel};
  finding.cure = "install a kernel of 5.11 or later";
  if (is_before(facts.kernel, 5, 6)) {
    finding.verdict = Verdict::will_hurt;
    finding.why = "duet serve needs openat2(2), of Linux 5.6, to stay inside its folder.";
  } else if (is_before(facts.kernel, 5, 11)) {
    finding.verdict = Verdict::could_be_better;
    finding.why = "The models epoll and uring need Linux 5.11.";
  } else {
    finding.why = "All that duet asks for is there since 5.11.";
    finding.cure.clear();
  }
  return finding;
}

Finding cores(const MachineFacts& facts) {
  Finding finding{"cores", Verdict::fine, fmt::format("{}", facts.cores)};
  if (!facts.cores_of_quota || *facts.cores_of_quota >= facts.cores) {
    finding.why = fmt::format("--workers {} uses all of them; more is of no use.", facts.cores);
    return finding;
  }
  finding.verdict = Verdict::could_be_better;
  finding.is += fmt::format(", but a quota of {:.2g}", *facts.cores_of_quota);
  finding.why =
      "The control group stops all threads for the rest of each period (100 ms) once the quota is "
      "used up: requests then wait that long.";
  finding.cure = fmt::format("--workers {} at most; or raise cpu.max of the control group",
                             std::max(1.0, std::floor(*facts.cores_of_quota)));
  return finding;
}

Finding versions(const MachineFacts& facts) {
  return {"versions", Verdict::fine, fmt::format("{}", fmt::join(facts.versions, ", "))};
}

}  // namespace

bool is_before(const std::string& kernel, int major, int minor) {
  int found_major = 0;
  int found_minor = 0;
  std::sscanf(kernel.c_str(), "%d.%d", &found_major, &found_minor);
  return std::pair(found_major, found_minor) < std::pair(major, minor);
}

Findings machine_findings(const MachineFacts& facts) {
  return {kernel(facts), cores(facts), versions(facts)};
}

Findings findings(const MachineFacts& facts) {
  Findings all;
  for (auto part : {model_findings, machine_findings, limit_findings, tcp_findings})
    std::ranges::move(part(facts), std::back_inserter(all));
  return all;
}

}  // namespace duet::app
