#include "port_owner.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

namespace duet::app {
namespace {

namespace fs = std::filesystem;

// The inodes of the sockets that listen on the port; proc(5), /proc/net/tcp.
std::set<std::string> listening_inodes(unsigned port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream fields(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      if (state != "0A") continue;
      unsigned found = 0;
      std::size_t colon = local.rfind(':');
      if (colon == std::string::npos) continue;
      std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
      if (found == port) inodes.insert("socket:[" + inode + "]");
    }
  }
  return inodes;
}

bool holds_any(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(process / "fd", error)) {
    fs::path target = fs::read_symlink(entry.path(), error);
    if (!error && inodes.contains(target.string())) return true;
  }
  return false;
}

}  // namespace

std::string port_owner(const std::string& address) {
  unsigned port = 0;
  std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || address.starts_with("unix:")) return {};
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  std::set<std::string> inodes = listening_inodes(port);
  if (inodes.empty()) return {};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    std::string process = entry.path().filename();
    if (process.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds_any(entry.path(), inodes)) continue;
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    return fmt::format(" (by {}, process {})", name, process);
  }
  return {};
}

}  // namespace duet::app
