#include "duet/sys/machine.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include <fstream>
#include <sstream>

namespace duet::sys {
namespace {

template <class Resource>
Limit limit_of(Resource resource) noexcept {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return {};
  auto value = [](rlim_t bytes) {
    return bytes == RLIM_INFINITY ? Limit::unlimited : std::uint64_t{bytes};
  };
  return {value(limit.rlim_cur), value(limit.rlim_max)};
}

// "150000 100000" is 1.5; "max 100000" and "-1 100000" are no quota.
std::optional<double> ratio_of(const std::string& text) {
  std::istringstream words(text);
  double quota = 0;
  double period = 0;
  if (!(words >> quota >> period) || quota <= 0 || period <= 0) return {};
  return quota / period;
}

std::optional<double> quota_of(const std::string& folder) {
  if (std::optional<std::string> text = text_of(folder + "/cpu.max")) return ratio_of(*text);
  std::optional<std::string> quota = text_of(folder + "/cpu.cfs_quota_us");
  std::optional<std::string> period = text_of(folder + "/cpu.cfs_period_us");
  return quota && period ? ratio_of(*quota + " " + *period) : std::nullopt;
}

// A group is bound by the quotas of all groups above it, too.
std::optional<double> least_quota(const std::string& mount, std::string group) {
  std::optional<double> least;
  for (;;) {
    std::optional<double> found = quota_of(mount + group);
    if (found && (!least || *found < *least)) least = found;
    if (group.empty() || group == "/") return least;
    group.erase(group.rfind('/'));
  }
}

}  // namespace

Limit descriptor_limit() noexcept { return limit_of(RLIMIT_NOFILE); }
Limit pending_signal_limit() noexcept { return limit_of(RLIMIT_SIGPENDING); }
Limit locked_bytes_limit() noexcept { return limit_of(RLIMIT_MEMLOCK); }

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

std::string libc_version() {
#ifdef __GLIBC__
  return std::string("glibc ") + ::gnu_get_libc_version();
#else
  return "";
#endif
}

unsigned usable_cores() noexcept {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&cores));
}

std::optional<std::string> text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return {};
  std::string read = text.str();
  if (read.ends_with('\n')) read.pop_back();
  return read;
}

std::optional<double> cores_of_quota() {
  std::istringstream groups(text_of("/proc/self/cgroup").value_or(""));
  std::optional<double> least;
  for (std::string line; std::getline(groups, line);) {
    std::size_t colon = line.find(':');
    std::size_t path = line.find(':', colon + 1);
    if (path == std::string::npos) continue;
    std::string controllers = "," + line.substr(colon + 1, path - colon - 1) + ",";
    bool is_unified = controllers == ",,";
    if (!is_unified && controllers.find(",cpu,") == std::string::npos) continue;
    std::string mount = is_unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    std::optional<double> found = least_quota(mount, line.substr(path + 1));
    if (found && (!least || *found < *least)) least = found;
  }
  return least;
}

}  // namespace duet::sys
