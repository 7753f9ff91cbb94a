// The access log as a file that many write to and somebody renames.

#include "duet/http/access_log.hpp"

#include <map>
#include <set>
#include <thread>
#include <utility>

#include "duet/base/error.hpp"
#include "http/access_log_fixture.hpp"
#include "support/process_facts.hpp"
#include "support/sanitizer.hpp"
#include "support/test_scale.hpp"
#include "sys/fd.hpp"

namespace duet::http {
namespace {

using test::patience;
using test::scaled;

TEST_F(AccessLogFile, has_a_line_for_each_request) {
  AccessLog log({.path = path_}, told_);
  record(log, "GET /1");
  record(log, "GET /2");
  EXPECT_TRUE(log.flush(patience));
  EXPECT_EQ(requests_of(path_), (std::vector<std::string>{"GET /1", "GET /2"}));
  EXPECT_EQ(log.dropped(), 0);
}

TEST_F(AccessLogFile, is_written_soon_without_a_flush) {
  AccessLog log({.path = path_}, told_);
  for (std::size_t lines = 1; lines <= 3; ++lines) {  // the later ones must wake a thread
    record(log, "GET /");
    EXPECT_TRUE(test::eventually([&] { return lines_of(path_).size() == lines; }));
  }
}

TEST_F(AccessLogFile, is_complete_after_its_end) {
  {
    AccessLog log({.path = path_}, told_);
    record(log, "GET /");
  }
  EXPECT_EQ(requests_of(path_), std::vector<std::string>{"GET /"});
}

TEST_F(AccessLogFile, is_appended_to) {
  std::ofstream(path_) << "before\n";
  {
    AccessLog log({.path = path_}, told_);
    record(log, "GET /");
  }
  EXPECT_EQ(lines_of(path_).size(), 2);
}

TEST_F(AccessLogFile, is_named_when_it_cannot_be_opened) {
  try {
    AccessLog log({.path = folder_ + "/none/access.log"}, told_);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.subject(), folder_ + "/none/access.log");
  }
}

TEST_F(AccessLogFile, needs_no_thread_before_the_first_line) {
  const std::size_t before = test::threads_of(::getpid()).size();
  AccessLog log({.path = path_}, told_);
  EXPECT_TRUE(log.flush(patience));
  EXPECT_EQ(test::threads_of(::getpid()).size(), before);
  record(log, "GET /");
  if (test::has_thread_sanitizer) return;  // it starts one of its own beside the first of a program
  EXPECT_EQ(test::threads_of(::getpid()).size(), before + 1);
}

TEST_F(AccessLogFile, has_whole_lines_of_many_threads_and_counts_those_it_lacks) {
  constexpr int threads = 8;
  const int each = scaled(10000, 500);
  AccessLog log({.path = path_}, told_);
  {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t)
      running.emplace_back([&log, t, each] {
        for (int i = 0; i < each; ++i) record(log, fmt::format("GET /{}/{}", t, i));
      });
  }
  EXPECT_TRUE(log.flush(patience));
  std::map<int, int> last;  // of each thread: its lines come in its order
  const std::vector<std::string> requests = requests_of(path_);
  for (const std::string& request : requests) {
    int thread = -1, number = -1;
    ASSERT_EQ(std::sscanf(request.c_str(), "GET /%d/%d", &thread, &number), 2) << request;
    auto [found, is_first] = last.try_emplace(thread, number);
    EXPECT_TRUE(is_first || std::exchange(found->second, number) < number);
  }
  EXPECT_EQ(requests.size() + log.dropped(), static_cast<std::size_t>(threads * each));
}

TEST_F(AccessLogFile, has_whole_lines_of_forked_processes) {
  constexpr int processes = 4;
  const int each = scaled(4000, 200);
  AccessLog log({.path = path_}, told_);
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p)
    children.push_back(start_child([&] {
      for (int i = 0; i < each; ++i) record(log, fmt::format("GET /{}/{}", p, i));
      return log.flush(patience);
    }));
  for (pid_t child : children) EXPECT_EQ(end_of(child), 0);
  const std::vector<std::string> requests = requests_of(path_);
  for (const std::string& request : requests) ASSERT_TRUE(request.starts_with("GET /")) << request;
  EXPECT_EQ(std::set(requests.begin(), requests.end()).size(), requests.size());
  EXPECT_EQ(requests.size() + log.dropped(), static_cast<std::size_t>(processes * each));
}

// A child inherits memory as it was, with locks that threads held and lines not yet written.
TEST_F(AccessLogFile, is_fit_for_children_of_a_process_that_is_writing_it) {
  if (test::has_thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer lets no child of a process with threads have one";
  AccessLog log({.path = path_}, told_);
  const int rounds = scaled(50, 5);
  {
    std::jthread writing([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) record(log, "GET /parent");
    });
    record(log, "GET /parent");
    for (int i = 0; i < rounds; ++i)
      EXPECT_EQ(end_of(start_child([&] {
                  record(log, fmt::format("GET /child/{}", i));
                  return log.flush(patience);
                })),
                0);
  }
  EXPECT_TRUE(log.flush(patience));
  int from_children = 0;
  for (const std::string& request : requests_of(path_)) {
    ASSERT_TRUE(request.starts_with("GET /")) << request;
    if (request.starts_with("GET /child/")) ++from_children;
  }
  EXPECT_EQ(from_children, rounds);
}

TEST_F(AccessLogFile, is_opened_anew_when_asked) {
  AccessLog log({.path = path_}, told_);
  record(log, "GET /1");
  EXPECT_TRUE(log.flush(patience));
  std::filesystem::rename(path_, path_ + ".1");
  record(log, "GET /2");
  EXPECT_TRUE(log.flush(patience));
  log.reopen();
  record(log, "GET /3");
  EXPECT_TRUE(log.flush(patience));
  EXPECT_EQ(requests_of(path_ + ".1"), (std::vector<std::string>{"GET /1", "GET /2"}));
  EXPECT_EQ(requests_of(path_), std::vector<std::string>{"GET /3"});
}

TEST_F(AccessLogFile, loses_no_line_when_it_is_opened_anew) {
  constexpr int rotations = 10;
  const int each = scaled(1000, 100);
  AccessLog log({.path = path_}, told_);
  std::jthread writing([&] {
    for (int i = 0; i < rotations * each; ++i) record(log, fmt::format("GET /{}", i));
  });
  for (int i = 0; i < rotations; ++i) {
    if (std::filesystem::exists(path_)) std::filesystem::rename(path_, path_ + std::to_string(i));
    log.reopen();
    EXPECT_TRUE(log.flush(patience));
  }
  writing.join();
  EXPECT_TRUE(log.flush(patience));
  std::size_t lines = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_))
    for (const std::string& request : requests_of(file.path())) {
      ASSERT_TRUE(request.starts_with("GET /")) << request;
      ++lines;
    }
  EXPECT_EQ(lines + log.dropped(), static_cast<std::size_t>(rotations * each));
}

TEST_F(AccessLogFile, is_opened_anew_by_children_that_inherited_it) {
  AccessLog log({.path = path_}, told_);
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  sys::Fd reader(go[0]), writer(go[1]);
  const pid_t child = start_child([&] {
    record(log, "GET /before");
    char byte;
    if (!log.flush(patience) || ::read(reader.get(), &byte, 1) != 1) return false;
    record(log, "GET /after");
    return log.flush(patience);
  });
  EXPECT_TRUE(test::eventually([&] { return !lines_of(path_).empty(); }));
  std::filesystem::rename(path_, path_ + ".1");
  log.reopen();
  ASSERT_EQ(::write(writer.get(), "!", 1), 1);
  EXPECT_EQ(end_of(child), 0);
  EXPECT_EQ(requests_of(path_ + ".1"), std::vector<std::string>{"GET /before"});
  EXPECT_EQ(requests_of(path_), std::vector<std::string>{"GET /after"});
}

TEST_F(AccessLogFile, stays_when_there_is_no_new_one_and_says_so_once) {
  const std::string other = folder_ + "/other";
  std::filesystem::create_directory(other);
  AccessLog log({.path = other + "/access.log"}, told_);
  std::filesystem::rename(other, folder_ + "/moved");
  log.reopen();
  for (int i = 0; i < 3; ++i) {
    record(log, "GET /");
    EXPECT_TRUE(log.flush(patience));
  }
  EXPECT_EQ(requests_of(folder_ + "/moved/access.log").size(), 3);
  EXPECT_EQ(told_->lines(), std::vector<std::string>{"cannot open " + other +
                                                     "/access.log anew, going on with the old "
                                                     "file: No such file or directory"});
}

TEST_F(AccessLogFile, is_missed_by_one_of_several_processes_only) {
  std::filesystem::create_directory(folder_ + "/other");
  AccessLog log({.path = folder_ + "/other/access.log"}, told_);
  std::filesystem::rename(folder_ + "/other", folder_ + "/moved");
  log.reopen();
  for (const std::size_t said : {1, 0})
    EXPECT_EQ(end_of(start_child([&] {
                record(log, "GET /");
                return log.flush(patience) && told_->lines().size() == said;
              })),
              0);
}

}  // namespace
}  // namespace duet::http
