// The kernel's settings of TCP that servers meet: ip-sysctl of the kernel's documentation, tcp(7).

#include <fmt/format.h>

#include "finding.hpp"

namespace duet::app {
namespace {

Finding unknown(std::string name) {
  return {std::move(name), Verdict::fine, "cannot be read here",
          "It is the setting of the network namespace's owner; ask there.", ""};
}

Finding backlog(const MachineFacts& facts) {
  const char* name = "net.core.somaxconn";
  if (!facts.somaxconn) return unknown(name);
  Finding finding{name, Verdict::fine, fmt::format("{}", *facts.somaxconn)};
  finding.why =
      "So many connections may wait to be accepted; duet asks for 4096 and gets the smaller of "
      "both. Beyond, the kernel drops the client's packets, and it tries again after 1, 3, 7 s.";
  if (*facts.somaxconn >= 1024) return finding;
  finding.verdict = *facts.somaxconn < 128 ? Verdict::will_hurt : Verdict::could_be_better;
  finding.cure = "sysctl -w net.core.somaxconn=4096";
  return finding;
}

Finding port_range(const MachineFacts& facts) {
  const char* name = "net.ipv4.ip_local_port_range";
  if (!facts.first_port || !facts.last_port) return unknown(name);
  long ports = *facts.last_port - *facts.first_port + 1;
  Finding finding{name, Verdict::fine,
                  fmt::format("{} to {}: {} ports", *facts.first_port, *facts.last_port, ports)};
  finding.why =
      "Outgoing connections, as those of duet relay, take a port of it each, and keep it for 60 s "
      "after their end: so many there can be to one destination.";
  if (ports >= 16384) return finding;
  finding.verdict = ports < 1024 ? Verdict::will_hurt : Verdict::could_be_better;
  finding.cure = "sysctl -w net.ipv4.ip_local_port_range='32768 60999'";
  return finding;
}

Finding syncookies(const MachineFacts& facts) {
  const char* name = "net.ipv4.tcp_syncookies";
  if (!facts.tcp_syncookies) return unknown(name);
  Finding finding{name, Verdict::fine, fmt::format("{}", *facts.tcp_syncookies)};
  finding.why =
      "When too many connections are half open, a cookie keeps their place: a flood of "
      "SYN packets shuts nobody out.";
  if (*facts.tcp_syncookies == 1) return finding;
  finding.cure = "sysctl -w net.ipv4.tcp_syncookies=1";
  finding.verdict = *facts.tcp_syncookies == 0 ? Verdict::will_hurt : Verdict::could_be_better;
  finding.why = *facts.tcp_syncookies == 0
                    ? "Off: whoever sends SYN packets without end keeps all others out."
                    : "Always, which is for tests: each connection loses TCP options for it.";
  return finding;
}

Finding fin_timeout(const MachineFacts& facts) {
  const char* name = "net.ipv4.tcp_fin_timeout";
  if (!facts.tcp_fin_timeout) return unknown(name);
  Finding finding{name, Verdict::fine, fmt::format("{} s", *facts.tcp_fin_timeout)};
  finding.why =
      "So long the kernel keeps a closed connection whose peer has not closed (FIN_WAIT2). It is "
      "not the time of TIME_WAIT, which is 60 s and cannot be set.";
  if (*facts.tcp_fin_timeout <= 120) return finding;
  finding.verdict = Verdict::could_be_better;
  finding.cure = "sysctl -w net.ipv4.tcp_fin_timeout=60";
  return finding;
}

Finding tw_reuse(const MachineFacts& facts) {
  const char* name = "net.ipv4.tcp_tw_reuse";
  if (!facts.tcp_tw_reuse) return unknown(name);
  Finding finding{name, Verdict::fine, fmt::format("{}", *facts.tcp_tw_reuse)};
  finding.why =
      "Whether an outgoing connection may take a port that is in TIME_WAIT: 0 no, 1 yes, 2 to this "
      "machine itself. It does nothing for a port that is listened on. duet relay may want 1.";
  return finding;
}

Finding tw_recycle(const MachineFacts& facts) {
  Finding finding{"net.ipv4.tcp_tw_recycle", Verdict::fine, "gone since Linux 4.12"};
  finding.why = "There is nothing to set; advice to set it is out of date.";
  if (!facts.tcp_tw_recycle) return finding;
  finding.is = fmt::format("{}", *facts.tcp_tw_recycle);
  finding.why = "It is off, as it should be. Linux 4.12 removed it.";
  if (*facts.tcp_tw_recycle == 0) return finding;
  finding.verdict = Verdict::will_hurt;
  finding.why = "It refuses clients that share an address (NAT), at random. Linux 4.12 removed it.";
  finding.cure = "sysctl -w net.ipv4.tcp_tw_recycle=0";
  return finding;
}

Finding address_in_use(const MachineFacts& facts) {
  Finding finding{"address already in use"};
  finding.is = facts.sockets_in_time_wait
                   ? fmt::format("{} sockets in TIME_WAIT, which keep nobody from listening",
                                 *facts.sockets_in_time_wait)
                   : "sockets in TIME_WAIT keep nobody from listening";
  finding.why =
      "duet sets SO_REUSEADDR, which cures the one case: connections of an earlier server on that "
      "port, in TIME_WAIT or still open. It does not cure that another process listens there, or "
      "that an outgoing connection has got that very port from ip_local_port_range; nor that a "
      "server of uring was killed some milliseconds ago, whose ring the kernel closes later.";
  finding.cure =
      "ss -ltnp 'sport = :PORT' shows who listens; "
      "sysctl -w net.ipv4.ip_local_reserved_ports=PORT keeps a port for its server";
  return finding;
}

}  // namespace

Findings tcp_findings(const MachineFacts& facts) {
  return {backlog(facts),  port_range(facts), syncookies(facts),    fin_timeout(facts),
          tw_reuse(facts), tw_recycle(facts), address_in_use(facts)};
}

}  // namespace duet::app
