// The access log where its lines are not taken: pipes, devices, disks that are full.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "http/access_log_fixture.hpp"
#include "support/test_scale.hpp"
#include "sys/fd.hpp"

namespace duet::http {
namespace {

using test::patience;

class AccessLogOutlet : public AccessLogFile {
 protected:
  // It keeps all that comes, until somebody reads.
  sys::Fd open_fifo_for_reading() {
    return sys::Fd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  void make_fifo() { ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0); }
};

std::string all_in(const sys::Fd& pipe) {
  std::string text, piece(65536, '\0');
  for (;;) {
    const ssize_t n = ::read(pipe.get(), piece.data(), piece.size());
    if (n <= 0) return text;
    text.append(piece, 0, static_cast<std::size_t>(n));
  }
}

TEST_F(AccessLogOutlet, drops_lines_for_a_fifo_that_nobody_reads) {
  make_fifo();
  AccessLog log({.path = path_}, told_);
  constexpr int records = 30000;  // more than the buffer and the pipe hold
  const TimePoint start = Clock::now();
  for (int i = 0; i < records; ++i) record(log, "GET /");
  EXPECT_LT((Clock::now() - start) / records, std::chrono::milliseconds(1));
  EXPECT_GT(log.dropped(), 0);
  EXPECT_FALSE(log.flush(Duration::zero()));

  const sys::Fd reader = open_fifo_for_reading();
  std::ofstream(folder_ + "/read") << all_in(reader);
  const std::vector<std::string> read = requests_of(folder_ + "/read");
  for (const std::string& request : read) ASSERT_EQ(request, "GET /");
  EXPECT_GT(read.size(), 0);
  EXPECT_EQ(read.size() + log.dropped(), records);
}

TEST_F(AccessLogOutlet, goes_on_when_the_reader_of_a_fifo_comes_back) {
  make_fifo();
  sys::Fd reader = open_fifo_for_reading();
  AccessLog log({.path = path_}, told_);
  reader.close();
  record(log, "GET /lost");
  EXPECT_TRUE(log.flush(patience));
  EXPECT_EQ(log.dropped(), 1);
  reader = open_fifo_for_reading();
  record(log, "GET /found");
  EXPECT_TRUE(log.flush(patience));
  EXPECT_TRUE(all_in(reader).contains("GET /found"));
  EXPECT_EQ(log.dropped(), 1);
}

TEST_F(AccessLogOutlet, counts_what_a_full_device_does_not_take) {
  AccessLog log({.path = "/dev/full"}, told_);
  for (int i = 0; i < 5; ++i) record(log, "GET /");
  EXPECT_TRUE(log.flush(patience));
  EXPECT_EQ(log.dropped(), 5);
}

TEST_F(AccessLogOutlet, says_what_was_dropped_and_why_at_most_once_a_second_and_at_the_end) {
  const TimePoint start = Clock::now();
  {
    AccessLog log({.path = "/dev/full"}, told_);
    for (int i = 0; i < 50; ++i) {
      record(log, "GET /");
      EXPECT_TRUE(log.flush(patience));
    }
    EXPECT_GE(told_->lines().size(), 1);
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - start).count();
  EXPECT_LE(told_->lines().size(), static_cast<std::size_t>(seconds) + 2);
  int said = 0;
  for (const std::string& line : told_->lines()) {
    int lines = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "/dev/full: dropped %d line", &lines), 1) << line;
    EXPECT_TRUE(line.ends_with(": No space left on device")) << line;
    said += lines;
  }
  EXPECT_EQ(said, 50);
}

// A limit of the file's size stands for a full disk: a write takes what fits, the next one nothing.
bool limit_files(rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

bool record_and_flush(AccessLog& log, std::string_view request) {
  record(log, request);
  return log.flush(patience);
}

TEST_F(AccessLogOutlet, begins_a_fresh_line_after_one_that_the_disk_cut_off) {
  const pid_t child = start_child([&] {
    AccessLog log({.path = path_}, told_);
    return record_and_flush(log, "GET /1") && limit_files(100) && record_and_flush(log, "GET /2") &&
           record_and_flush(log, "GET /3") && log.dropped() == 2 && limit_files(RLIM_INFINITY) &&
           record_and_flush(log, "GET /4") && log.dropped() == 2;
  });
  EXPECT_EQ(end_of(child), 0);
  const std::vector<std::string> requests = requests_of(path_);
  ASSERT_EQ(requests.size(), 3);
  EXPECT_EQ(requests[0], "GET /1");
  EXPECT_TRUE(requests[1].starts_with("not whole: "));
  EXPECT_EQ(requests[2], "GET /4");
}

TEST_F(AccessLogOutlet, begins_a_new_file_with_a_line_though_the_old_was_cut_off) {
  const pid_t child = start_child([&] {
    AccessLog log({.path = path_}, told_);
    if (!limit_files(10) || !record_and_flush(log, "GET /1") || !limit_files(RLIM_INFINITY))
      return false;
    std::filesystem::rename(path_, path_ + ".1");
    log.reopen();
    return record_and_flush(log, "GET /2");
  });
  EXPECT_EQ(end_of(child), 0);
  EXPECT_EQ(requests_of(path_), std::vector<std::string>{"GET /2"});
}

// Runs `run` in a process whose standard output is `output`.
template <class Run>
int end_with_standard_output(int output, Run run) {
  return end_of(start_child([&] { return ::dup2(output, STDOUT_FILENO) == 1 && run(); }));
}

TEST_F(AccessLogOutlet, may_be_standard_output) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  sys::Fd reader(ends[0]), writer(ends[1]);
  EXPECT_EQ(end_with_standard_output(writer.get(),
                                     [&] {
                                       AccessLog log({}, told_);
                                       log.reopen();  // which is nothing here
                                       record(log, "GET /");
                                       return log.flush(patience);
                                     }),
            0);
  writer.close();
  EXPECT_EQ(all_in(reader),
            "192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] \"GET /\" 200 - \"-\" \"-\"\n");
}

TEST_F(AccessLogOutlet, gives_up_on_a_full_pipe_in_time) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  sys::Fd reader(ends[0]), writer(ends[1]);
  EXPECT_EQ(end_with_standard_output(writer.get(),
                                     [&] {
                                       AccessLog log({}, told_);
                                       for (int i = 0; i < 5000; ++i) record(log, "GET /");
                                       const TimePoint start = Clock::now();
                                       const bool is_flushed =
                                           log.flush(std::chrono::milliseconds(20));
                                       return !is_flushed && Clock::now() - start < patience / 2;
                                     }),
            0);
}

// A terminal says that it takes bytes when it takes few; more are waited for, in write(2).
TEST_F(AccessLogOutlet, gives_up_on_a_stopped_terminal_in_time) {
  const sys::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY));
  ASSERT_TRUE(terminal);
  ASSERT_EQ(::unlockpt(terminal.get()), 0);
  const sys::Fd shown(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY));
  ASSERT_TRUE(shown);
  EXPECT_EQ(end_with_standard_output(
                shown.get(),
                [&] {
                  AccessLog log({}, told_);
                  for (int i = 0; i < 5000; ++i) record(log, "GET /");
                  const TimePoint start = Clock::now();
                  const bool is_flushed = log.flush(std::chrono::milliseconds(20));
                  return !is_flushed && Clock::now() - start < patience / 2 && log.dropped() > 1000;
                }),
            0);
}

TEST_F(AccessLogOutlet, is_unharmed_by_a_reader_that_left) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  sys::Fd reader(ends[0]), writer(ends[1]);
  reader.close();
  EXPECT_EQ(end_with_standard_output(writer.get(),
                                     [&] {
                                       std::signal(SIGPIPE, SIG_DFL);
                                       AccessLog log({}, told_);
                                       record(log, "GET /");
                                       return log.flush(patience) && log.dropped() == 1;
                                     }),
            0);
}

}  // namespace
}  // namespace duet::http
