#include "support/process_facts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "support/sanitizer.hpp"

namespace duet::test {
namespace {

std::string folder_of(pid_t process) { return "/proc/" + std::to_string(process); }

// The fields of proc_pid_stat(5) from the third, the state, on: the second, a name in parentheses,
// may contain spaces. Empty for a process that is gone.
std::vector<std::string> fields_of(pid_t process) {
  std::ifstream file(folder_of(process) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  std::string line = text.str();
  std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

}  // namespace

std::vector<int> descriptors_of(pid_t process) {
  std::vector<int> numbers;
  std::filesystem::path folder = folder_of(process) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::error_code gone;  // the iterator's own
    std::filesystem::path target = std::filesystem::read_symlink(entry, gone);
    if (!gone && target != folder) numbers.push_back(std::stoi(entry.path().filename()));
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::vector<int> inheritable_sockets_of(pid_t process) {
  std::vector<int> inheritable;
  for (int number : descriptors_of(process)) {
    std::string name = std::to_string(number);
    std::error_code gone;
    std::string target = std::filesystem::read_symlink(folder_of(process) + "/fd/" + name, gone);
    if (!target.starts_with("socket:") && !target.starts_with("anon_inode:")) continue;
    std::ifstream info(folder_of(process) + "/fdinfo/" + name);
    std::string word;
    while (info >> word && word != "flags:") continue;
    info >> word;
    if ((std::stoul(word, nullptr, 8) & O_CLOEXEC) == 0) inheritable.push_back(number);
  }
  return inheritable;
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(process) + "/task"))
    threads.push_back(std::stoi(entry.path().filename()));
  std::ranges::sort(threads);
  return threads;
}

std::vector<pid_t> children_of(pid_t process) {
  std::ifstream file(folder_of(process) + "/task/" + std::to_string(process) + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

std::size_t zombies_of(pid_t process) {
  std::vector<pid_t> children = children_of(process);
  return static_cast<std::size_t>(std::ranges::count_if(children, [](pid_t child) {
    std::vector<std::string> fields = fields_of(child);
    return !fields.empty() && fields[0] == "Z";
  }));
}

Duration cpu_time_of(pid_t process) {
  std::vector<std::string> fields = fields_of(process);
  if (fields.size() < 15) return {};
  long ticks = 0;  // utime, stime, and those of reaped children
  for (std::size_t i = 11; i < 15; ++i) ticks += std::stol(fields[i]);
  Duration time = std::chrono::nanoseconds(std::chrono::seconds(ticks)) / ::sysconf(_SC_CLK_TCK);
  for (pid_t child : children_of(process)) time += cpu_time_of(child);
  return time;
}

std::size_t resident_bytes_of(pid_t process) {
  std::ifstream file(folder_of(process) + "/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  std::size_t bytes = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (pid_t child : children_of(process)) bytes += resident_bytes_of(child);
  return bytes;
}

bool has_grown_by(pid_t process, std::size_t before, std::size_t bytes) {
  return !has_sanitizer && resident_bytes_of(process) >= before + bytes;
}

void expect_growth_below(pid_t process, std::size_t before, std::size_t bytes) {
  EXPECT_FALSE(has_grown_by(process, before, bytes))
      << "from " << before << " to " << resident_bytes_of(process) << " bytes";
}

}  // namespace duet::test
