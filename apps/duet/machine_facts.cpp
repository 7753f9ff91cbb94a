#include "machine_facts.hpp"

#include <sstream>

#include <CLI/Version.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "duet/runtime/model.hpp"

namespace duet::app {
namespace {

// The `index`th number of a file below /proc/sys, or anywhere after `label`.
std::optional<long> number(const std::string& path, std::size_t index = 0,
                           const std::string& label = "") {
  std::string text = sys::text_of(path).value_or("");
  std::size_t start = text.find(label);
  if (start == std::string::npos) return {};
  std::istringstream words(text.substr(start + label.size()));
  long value = 0;
  for (std::size_t i = 0; i <= index; ++i)
    if (!(words >> value)) return {};
  return value;
}

std::string taken_by_auto() {
  try {
    return std::string(Model::choose("auto").engine());
  } catch (const UnavailableModel&) {
    return "";
  }
}

PairFacts pair(const ModelFacts& model, std::string_view engine) {
  PairFacts pair;
  pair.model = model.name;
  pair.engine = engine;
  pair.is_own = engine == model.engine;
  pair.is_for_comparison = model.is_for_comparison;
  pair.reason = why_no_pair(model, engine);
  pair.exists = pair.is_available = pair.reason.empty();
  if (!pair.exists) return pair;
  Availability found = probe_pair(model, engine);
  pair.is_available = found.is_available;
  pair.reason = found.reason;
  pair.cure = found.cure;
  pair.code = found.code;
  return pair;
}

std::vector<PairFacts> pairs() {
  std::vector<PairFacts> all;
  for (const ModelFacts& model : models())
    for (const EngineFacts& engine : engines()) all.push_back(pair(model, engine.name));
  return all;
}

std::vector<std::string> versions() {
  int fmt_version = FMT_VERSION;
  std::vector<std::string> all = {
      std::string("duet ") + DUET_VERSION,
      fmt::format("fmt {}.{}.{}", fmt_version / 10000, fmt_version / 100 % 100, fmt_version % 100),
      std::string("CLI11 ") + CLI11_VERSION,
      fmt::format("nlohmann-json {}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                  NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH),
      *DUET_URING_VERSION != '\0' ? std::string("liburing ") + DUET_URING_VERSION : "no liburing",
  };
  if (std::string libc = sys::libc_version(); !libc.empty()) all.push_back(libc);
  return all;
}

}  // namespace

MachineFacts read_machine_facts() {
  const std::string net = "/proc/sys/net/";
  MachineFacts facts;
  facts.kernel = sys::kernel_release();
  facts.versions = versions();
  facts.is_filtered = number("/proc/self/status", 0, "Seccomp:").value_or(0) == 2;
  facts.pairs = pairs();
  facts.taken_by_auto = taken_by_auto();
  facts.cores = sys::usable_cores();
  facts.cores_of_quota = sys::cores_of_quota();
  facts.descriptors = sys::descriptor_limit();
  facts.pending_signals = sys::pending_signal_limit();
  facts.locked_bytes = sys::locked_bytes_limit();
  facts.descriptors_of_a_process = number("/proc/sys/fs/nr_open");
  facts.io_uring_disabled = number("/proc/sys/kernel/io_uring_disabled");
  facts.somaxconn = number(net + "core/somaxconn");
  facts.first_port = number(net + "ipv4/ip_local_port_range", 0);
  facts.last_port = number(net + "ipv4/ip_local_port_range", 1);
  facts.tcp_syncookies = number(net + "ipv4/tcp_syncookies");
  facts.tcp_fin_timeout = number(net + "ipv4/tcp_fin_timeout");
  facts.tcp_tw_reuse = number(net + "ipv4/tcp_tw_reuse");
  facts.tcp_tw_recycle = number(net + "ipv4/tcp_tw_recycle");
  facts.sockets_in_time_wait = number("/proc/net/sockstat", 0, " tw ");
  return facts;
}

}  // namespace duet::app
