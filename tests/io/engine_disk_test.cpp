// Files on every engine: from the page cache at once, else without stopping the caller.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "io/engine_test.hpp"

namespace duet::io {
namespace {

using test::Counted;

constexpr std::size_t block_bytes = 4096;

class EngineDisk : public test::EngineTest {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) / ("duet-disk-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "inside");
    write(folder_ / "inside" / "file", std::string(64 * block_bytes, 'a'));
    write(folder_ / "outside", "secret");
    directory_ = sys::Fd(::open((folder_ / "inside").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    EngineTest::SetUp();
  }
  void TearDown() override {
    EngineTest::TearDown();
    std::filesystem::remove_all(folder_);
  }

  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }

  std::int64_t open(const std::string& path) {
    Counted<OpenFile> open(directory_.get(), path);
    submit(open);
    complete(open);
    EXPECT_EQ(open.completions, 1);
    return open.result;
  }

  Handle open_handle(const std::string& path) {
    std::int64_t descriptor = open(path);
    EXPECT_GE(descriptor, 0);
    last_descriptor_ = static_cast<int>(descriptor);
    return engine_->adopt(last_descriptor_, HandleKind::file);
  }

  // Takes the file out of the page cache; false where the file system keeps it (tmpfs).
  bool chill(int file) {
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    char byte = 0;
    iovec part{&byte, 1};
    return ::preadv2(file, &part, 1, 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
  }

  std::filesystem::path folder_;
  sys::Fd directory_;
  int last_descriptor_ = -1;
};

INSTANTIATE_TEST_SUITE_P(engines, EngineDisk, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(EngineDisk, reads_what_is_in_the_page_cache_at_once) {
  Handle handle = open_handle("file");
  std::array<std::byte, 100> buffer;
  Counted<ReadAt> read(handle, buffer, 5);
  EXPECT_FALSE(submit(read));
  EXPECT_EQ(read.result, 100);
  EXPECT_EQ(buffer[99], std::byte{'a'});
  release(handle);
}

TEST_P(EngineDisk, reads_what_is_not_in_the_page_cache) {
  Handle handle = open_handle("file");
  bool is_cold = chill(last_descriptor_);
  std::array<std::byte, 100> buffer;
  Counted<ReadAt> read(handle, buffer, 60 * block_bytes);
  bool is_pending = submit(read);
  if (is_cold && !waits_in_calls()) {
    EXPECT_TRUE(is_pending) << "a loop that others share was stopped";
    EXPECT_EQ(read.completions, 0);
  }
  complete(read);
  EXPECT_EQ(read.result, 100);
  EXPECT_EQ(buffer[0], std::byte{'a'});
  release(handle);
}

TEST_P(EngineDisk, reads_nothing_at_the_end_and_beyond) {
  Handle handle = open_handle("file");
  std::array<std::byte, 100> buffer;
  for (std::uint64_t offset : {64 * block_bytes, 1000 * block_bytes}) {
    Counted<ReadAt> read(handle, buffer, offset);
    submit(read);
    complete(read);
    EXPECT_EQ(read.result, 0);
  }
  Counted<ReadAt> last(handle, buffer, 64 * block_bytes - 30);
  submit(last);
  complete(last);
  EXPECT_EQ(last.result, 30);
  release(handle);
}

TEST_P(EngineDisk, reading_a_directory_or_a_negative_offset_is_an_error) {
  Handle folder = engine_->adopt(::dup(directory_.get()), HandleKind::file);
  std::array<std::byte, 8> buffer;
  Counted<ReadAt> of_folder(folder, buffer, 0);
  submit(of_folder);
  complete(of_folder);
  EXPECT_EQ(of_folder.result, -EISDIR);
  Handle handle = open_handle("file");
  Counted<ReadAt> before_the_start(handle, buffer, UINT64_MAX);
  submit(before_the_start);
  complete(before_the_start);
  EXPECT_LT(before_the_start.result, 0);
  release(folder);
  release(handle);
}

TEST_P(EngineDisk, many_reads_of_one_file_go_on_at_once) {
  Handle handle = open_handle("file");
  chill(last_descriptor_);
  std::vector<std::array<std::byte, block_bytes>> buffers(64);
  std::vector<std::unique_ptr<Counted<ReadAt>>> reads;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    reads.push_back(std::make_unique<Counted<ReadAt>>(handle, buffers[i], i * block_bytes));
    submit(*reads.back());
  }
  reap_until([&] { return engine_->census().operations == 0; });
  for (auto& read : reads) {
    EXPECT_EQ(read->completions, 1);
    EXPECT_EQ(read->result, static_cast<std::int64_t>(block_bytes));
  }
  release(handle);
}

TEST_P(EngineDisk, a_read_that_is_cancelled_and_released_has_been_made_or_not_begun) {
  for (int round = 0; round < test::rounds(50); ++round) {
    Handle handle = open_handle("file");
    int descriptor = last_descriptor_;
    chill(descriptor);
    std::array<std::byte, 100> unread{};
    std::array<std::byte, 100> buffer = unread;
    Counted<ReadAt> read(handle, buffer, static_cast<std::uint64_t>(round % 64) * block_bytes);
    if (submit(read)) engine_->cancel(read, Ending::cancelled);
    engine_->release(handle);
    Counted<Stat> late(handle);
    EXPECT_FALSE(submit(late));
    EXPECT_EQ(late.ending, Ending::closed);
    complete(read);
    reap_until([&] { return engine_->census().operations == 0; });
    EXPECT_EQ(read.completions, 1);
    if (read.ending == Ending::none)
      EXPECT_EQ(read.result, 100);
    else
      EXPECT_EQ(buffer, unread);
    EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1) << "closed after the last completion";
  }
}

TEST_P(EngineDisk, opens_a_name_that_the_kernel_has_not_looked_up_yet) {
  static int unique = 0;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(open("missing-" + std::to_string(++unique)), -ENOENT);
}

// The engine may end as soon as it has the operation back, while the thread that gave it back is
// still on its way out.
TEST_P(EngineDisk, an_engine_may_end_right_after_its_last_disk_operation) {
  engine_.reset();  // a thread has one that waits for signals
  static int unique = 0;
  for (int round = 0; round < test::rounds(500); ++round) {
    std::unique_ptr<Engine> engine = test::engine_factory(GetParam())(completed_);
    Counted<OpenFile> open(directory_.get(), "gone-" + std::to_string(++unique));
    if (engine->submit(open) == Progress::done) continue;
    while (engine->census().operations > 0) engine->reap(never);
    run_completed();
    EXPECT_EQ(open.result, -ENOENT);
    EXPECT_EQ(open.completions, 1);
  }
}

TEST_P(EngineDisk, opens_nothing_outside_of_the_directory) {
  std::filesystem::create_symlink("../outside", folder_ / "inside" / "link-out");
  std::filesystem::create_symlink("/etc/passwd", folder_ / "inside" / "link-absolute");
  std::filesystem::create_symlink("..", folder_ / "inside" / "link-up");
  for (const char* path : {"..", "../outside", "./../outside", "file/../../outside", "/etc/passwd",
                           "/", "link-out", "link-absolute", "link-up/outside"}) {
    std::int64_t result = open(path);
    EXPECT_LT(result, 0) << path;
    EXPECT_TRUE(result == -EXDEV || result == -ENOTDIR) << path << ": " << result;
    if (result >= 0) ::close(static_cast<int>(result));
  }
}

TEST_P(EngineDisk, follows_a_link_that_stays_inside) {
  std::filesystem::create_directory(folder_ / "inside" / "deeper");
  std::filesystem::create_symlink("../file", folder_ / "inside" / "deeper" / "link");
  for (const char* path : {"file", "./file", "deeper/../file", "deeper/link"}) {
    std::int64_t result = open(path);
    EXPECT_GE(result, 0) << path;
    if (result >= 0) ::close(static_cast<int>(result));
  }
}

TEST_P(EngineDisk, opens_no_magic_link_of_proc) {
  sys::Fd proc(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Counted<OpenFile> open(proc.get(), "fd/0");
  submit(open);
  complete(open);
  EXPECT_EQ(open.result, -ELOOP);
}

TEST_P(EngineDisk, opens_a_fifo_without_waiting_for_a_writer) {
  ASSERT_EQ(::mkfifo((folder_ / "inside" / "fifo").c_str(), 0600), 0);
  Handle handle = open_handle("fifo");
  Counted<Stat> stat(handle);
  EXPECT_FALSE(submit(stat));
  EXPECT_EQ(stat.facts.type, FileFacts::Type::other);
  std::array<std::byte, 8> buffer;
  Counted<ReadAt> read(handle, buffer, 0);
  submit(read);
  complete(read);
  EXPECT_EQ(read.result, -ESPIPE);
  release(handle);
}

TEST_P(EngineDisk, tells_type_size_and_time_of_a_file) {
  Handle handle = open_handle("file");
  Counted<Stat> stat(handle);
  EXPECT_FALSE(submit(stat));
  EXPECT_EQ(stat.facts.type, FileFacts::Type::file);
  EXPECT_EQ(stat.facts.size_bytes, 64 * block_bytes);
  EXPECT_GT(stat.facts.modified_ns, 0);
  release(handle);
}

TEST_P(EngineDisk, a_name_with_too_many_bytes_is_refused) {
  EXPECT_EQ(open(std::string(5000, 'a')), -ENAMETOOLONG);
  EXPECT_EQ(open(""), -ENOENT);
}

}  // namespace
}  // namespace duet::io
