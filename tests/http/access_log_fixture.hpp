#pragma once
// An access log in a folder of its own, read back line by line, also after processes have written
// to it.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "duet/http/access_log.hpp"
#include "support/remembering_log.hpp"

namespace duet::http {

inline const Address client = Address::ip4({192, 0, 2, 1}, 4711);

using test::RememberingLog;

// All lines, each of which must be whole; a text after the last line feed is one, too.
inline std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The request of a line that is whole; of any other, the line with a mark.
inline std::string request_of(const std::string& line) {
  constexpr std::string_view before = "192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] \"";
  constexpr std::string_view after = "\" 200 - \"-\" \"-\"";
  if (!line.starts_with(before) || !line.ends_with(after)) return "not whole: " + line;
  return line.substr(before.size(), line.size() - before.size() - after.size());
}

inline std::vector<std::string> requests_of(const std::string& path) {
  std::vector<std::string> requests;
  for (const std::string& line : lines_of(path)) requests.push_back(request_of(line));
  return requests;
}

inline void record(AccessLog& log, std::string_view request) {
  log.record({.peer = client, .time = {}, .request = request, .status = 200});
}

// Its exit code, 0 if `run` says true.
template <class Run>
pid_t start_child(Run run) {
  std::fflush(nullptr);  // or the child may write it, too
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run() ? 0 : 1);
  return child;
}

inline int end_of(pid_t child) {
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

class AccessLogFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "duet-access-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/access.log";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
  const std::shared_ptr<RememberingLog> told_ = std::make_shared<RememberingLog>();
};

}  // namespace duet::http
