// The limits of the process, getrlimit(2): descriptors, pending signals, locked memory.

#include <fmt/format.h>

#include "finding.hpp"

namespace duet::app {
namespace {

// What a worker takes by default (Options::connections_max), and what the process has besides.
constexpr std::uint64_t connections = 10000;
constexpr std::uint64_t others = 100;
constexpr std::uint64_t few = 1024;

std::string text(std::uint64_t value) {
  return value == sys::Limit::unlimited ? "unlimited" : fmt::format("{}", value);
}

std::string how_to_raise_descriptors(const MachineFacts& facts) {
  std::string text =
      "the soft limit: ulimit -n, up to the hard one; the hard limit: as root ulimit -Hn 65536, "
      "for a service LimitNOFILE=65536 in its unit, for a login '* hard nofile 65536' in "
      "/etc/security/limits.conf, for Docker --ulimit nofile=65536";
  if (facts.descriptors_of_a_process)
    text += fmt::format(" (fs.nr_open, {}, is the most)", *facts.descriptors_of_a_process);
  return text;
}

Finding descriptors(const MachineFacts& facts) {
  std::uint64_t hard = facts.descriptors.hard;
  Finding finding{"descriptors"};
  finding.is = fmt::format("{} now, {} at most", text(facts.descriptors.soft), text(hard));
  finding.why = fmt::format(
      "A server raises its limit to {} when it starts. Each connection takes a descriptor, each "
      "file that is being sent another.",
      text(hard));
  if (hard >= connections + others) {
    finding.why += " To raise " + how_to_raise_descriptors(facts) + ".";
    return finding;
  }
  finding.verdict = hard <= few ? Verdict::will_hurt : Verdict::could_be_better;
  finding.why += fmt::format(
      " A worker takes up to {} connections (--connections-max): without descriptors, further "
      "ones wait in the backlog.",
      connections);
  finding.cure = "raise " + how_to_raise_descriptors(facts);
  return finding;
}

Finding pending_signals(const MachineFacts& facts) {
  std::uint64_t limit = facts.pending_signals.soft;
  Finding finding{"pending signals"};
  finding.is = text(limit);
  finding.why =
      "Under the engine blocking each connection has a timer, timer_create(2), which counts as a "
      "pending signal of the user, all processes together; so has what accepts under thread, "
      "process and pool. What the models signal and aio wait for counts, too: when the queue is "
      "full they look for themselves, which is slower.";
  if (limit >= connections + others) return finding;
  finding.verdict = limit <= few ? Verdict::will_hurt : Verdict::could_be_better;
  finding.why += fmt::format(
      " The models thread and process cannot serve more than {} connections.", text(limit));
  finding.cure = "ulimit -i 65536; for a service: LimitSIGPENDING=65536 in its unit";
  return finding;
}

Finding locked_memory(const MachineFacts& facts) {
  std::uint64_t limit = facts.locked_bytes.soft;
  Finding finding{"locked memory"};
  finding.is = limit == sys::Limit::unlimited ? "unlimited" : fmt::format("{} KiB", limit / 1024);
  if (!is_before(facts.kernel, 5, 12)) {
    finding.why = "Since Linux 5.12 the rings of uring do not count as locked memory.";
    return finding;
  }
  finding.why =
      "Before Linux 5.12 each ring of uring is locked memory, all of the user's together.";
  if (limit >= 8U << 20U) return finding;
  finding.verdict = Verdict::could_be_better;
  finding.cure = "ulimit -l 65536; for a service: LimitMEMLOCK=64M in its unit";
  return finding;
}

}  // namespace

Findings limit_findings(const MachineFacts& facts) {
  return {descriptors(facts), pending_signals(facts), locked_memory(facts)};
}

}  // namespace duet::app
