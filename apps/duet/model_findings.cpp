// Which models and pairs run here; where one does not, what refused it, and what would change that.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "finding.hpp"

namespace duet::app {
namespace {

bool is_refusal(std::error_code code) {
  return code == std::errc::operation_not_permitted || code == std::errc::permission_denied ||
         code == std::errc::function_not_supported;
}

// The engines that this machine refuses to a model that runs; the model of that name has the cure.
std::string why_not_others(const std::vector<PairFacts>& pairs, const std::string& model) {
  std::string why;
  for (const PairFacts& pair : pairs)
    if (pair.model == model && pair.exists && !pair.is_available)
      why += fmt::format("Not with {}: {}. ", pair.engine, pair.reason);
  return why;
}

// Without the model's name, by which the reasons of several differ.
std::string without_name(const PairFacts& pair) {
  std::string text = pair.reason;
  std::size_t at = text.find(pair.model);
  return at == text.npos ? text : text.erase(at, pair.model.size());
}

// Why there are no further pairs, on any machine: the first reason of each model, and each once.
Finding finding_of_other_pairs(const std::vector<PairFacts>& pairs) {
  struct Reason {
    std::string text;
    std::string others;  // of whom it is the reason, too
  };
  std::vector<std::string> known;  // without names
  std::vector<Reason> reasons;
  std::string model;
  for (const PairFacts& pair : pairs) {
    if (pair.exists || pair.model == model) continue;
    model = pair.model;
    auto found = std::ranges::find(known, without_name(pair));
    if (found != known.end()) {
      reasons[static_cast<std::size_t>(found - known.begin())].others += " " + model;
      continue;
    }
    known.push_back(without_name(pair));
    reasons.push_back({pair.reason, ""});
  }
  Finding finding{"other pairs", Verdict::fine, "of a model and an engine there are on no machine"};
  for (const Reason& reason : reasons)
    finding.why += reason.others.empty()
                       ? reason.text + ". "
                       : fmt::format("{} (likewise{}). ", reason.text, reason.others);
  return finding;
}

Finding finding_of(const std::vector<PairFacts>& pairs, const PairFacts& own,
                   const MachineFacts& facts) {
  Finding finding{"model " + own.model};
  if (!own.is_available) {
    finding.verdict = Verdict::could_be_better;
    finding.is = fmt::format("does not run: {}", own.reason);
    finding.why = own.is_for_comparison ? "It is there to be compared with; no server needs it."
                                        : "It cannot be chosen by --model, nor be compared.";
    finding.cure = cure_of(own, facts);
    return finding;
  }
  finding.is = fmt::format("runs, with the engine {}", own.engine);
  std::vector<std::string> others;
  for (const PairFacts& pair : pairs)
    if (pair.model == own.model && !pair.is_own && pair.is_available) others.push_back(pair.engine);
  if (!others.empty()) finding.is += fmt::format("; also with {}", fmt::join(others, ", "));
  finding.why = why_not_others(pairs, own.model);
  return finding;
}

Finding finding_of_auto(const MachineFacts& facts) {
  Finding finding{"model auto"};
  if (facts.taken_by_auto == "epoll") {
    finding.is = "takes epoll";
    return finding;
  }
  auto epoll = std::ranges::find(facts.pairs, std::string("epoll"), &PairFacts::model);
  finding.verdict = Verdict::will_hurt;
  if (epoll != facts.pairs.end()) finding.cure = cure_of(*epoll, facts);
  if (facts.taken_by_auto.empty()) {
    finding.is = "does not run: no selector works";
    finding.why = "It is what a server takes that is not told otherwise.";
    return finding;
  }
  finding.is = fmt::format("takes {}, since epoll does not run", facts.taken_by_auto);
  finding.why =
      "Without epoll each wait costs time in proportion to the connections, idle ones too.";
  return finding;
}

}  // namespace

// The table's cure names everything that may be the matter; the machine's facts tell which it is.
std::string cure_of(const PairFacts& pair, const MachineFacts& facts) {
  bool is_ring = pair.reason.find("io_uring") != std::string::npos;
  if (is_ring && is_refusal(pair.code) && facts.io_uring_disabled.value_or(0) > 0)
    return fmt::format(
        "sysctl -w kernel.io_uring_disabled=0   (it is {}: {})", *facts.io_uring_disabled,
        *facts.io_uring_disabled == 1 ? "for root and the group kernel.io_uring_group only"
                                      : "for nobody");
  if (is_refusal(pair.code) && facts.is_filtered)
    return "a seccomp filter is in force, as in a container; " + pair.cure +
           "; with Docker: --security-opt seccomp=FILE";
  if (pair.code == std::errc::function_not_supported)
    return "this kernel has no such call: run a newer one, or one that is built with it";
  if (is_ring && pair.code == std::errc::not_enough_memory && is_before(facts.kernel, 5, 12))
    return "ulimit -l unlimited   (before Linux 5.12 a ring is locked memory)";
  if (pair.code == std::errc::not_enough_memory)
    return "more memory, or a higher memory.max of the control group";
  if (pair.code == std::errc::resource_unavailable_try_again)
    return fmt::format("ulimit -i 100000   (pending signals and timers; the limit is {})",
                       facts.pending_signals.soft);
  return pair.cure;
}

Findings model_findings(const MachineFacts& facts) {
  Findings found;
  for (const PairFacts& pair : facts.pairs)
    if (pair.is_own) found.push_back(finding_of(facts.pairs, pair, facts));
  found.push_back(finding_of_auto(facts));
  found.push_back(finding_of_other_pairs(facts.pairs));
  return found;
}

}  // namespace duet::app
