#include "io/pool_access.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/rounds.hpp"
#include "duet/io/call.hpp"
#include "sys/fd.hpp"

namespace duet::io {
namespace {

// Collects until `count` operations have come back.
void collect(PoolAccess& disk, std::atomic<int>& wakes, std::size_t count) {
  JobQueue back;
  for (std::size_t found = 0; found < count;) {
    while (wakes.exchange(0) == 0) std::this_thread::yield();
    disk.collect(back);
    for (; !back.empty(); ++found) {
      auto& operation = static_cast<Operation&>(back.pop());
      EXPECT_EQ(operation.result, -ENOENT);
    }
  }
}

void open_many(const std::shared_ptr<WorkPools>& pools, int directory, std::size_t count) {
  std::atomic<int> wakes = 0;
  PoolAccess disk(pools, [&wakes] { ++wakes; });
  std::vector<std::unique_ptr<OpenFile>> operations;
  for (std::size_t i = 0; i < count; ++i) {
    operations.push_back(std::make_unique<OpenFile>(directory, "no-such-name"));
    EXPECT_TRUE(disk.run(*operations.back(), -1));
  }
  collect(disk, wakes, count);
}

sys::Fd root() { return sys::Fd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

TEST(PoolAccess, gives_every_operation_back) {
  sys::Fd directory = root();
  auto pools = std::make_shared<WorkPools>();
  open_many(pools, directory.get(), 1000);
}

TEST(PoolAccess, serves_several_loops_at_once) {
  sys::Fd directory = root();
  auto pools = std::make_shared<WorkPools>();
  std::vector<std::thread> loops;
  for (int i = 0; i < 4; ++i) {
    loops.emplace_back([&] {
      for (int round = 0; round < test::rounds(100); ++round) open_many(pools, directory.get(), 3);
    });
  }
  for (std::thread& loop : loops) loop.join();
}

struct Note : Call {
  explicit Note(const Work& of) : Call(of, set) { stop = std::stop_source(); }
  static void set(Call& call) noexcept { static_cast<Note&>(call).is_done = true; }
  std::atomic<bool> is_done = false;
};

// Once the link of the list of what is done was taken for that of the queue.
TEST(PoolAccess, cancels_nothing_that_is_done_and_not_collected) {
  auto pools = std::make_shared<WorkPools>();
  std::atomic<int> wakes = 0;
  PoolAccess access(pools, [&wakes] { ++wakes; });
  Note note(Work::compute);
  ASSERT_TRUE(access.run(note, -1));
  while (wakes == 0) std::this_thread::yield();
  access.cancel(note, Ending::cancelled);
  JobQueue back;
  access.collect(back);
  EXPECT_EQ(&back.pop(), &note);
  EXPECT_TRUE(note.is_done);
  EXPECT_EQ(note.ending, Ending::none);
  EXPECT_TRUE(note.stop.stop_requested());
  access.cancel(note, Ending::cancelled);  // by a job that runs before its completion
  EXPECT_EQ(note.ending, Ending::none);
}

// Keeps the only thread of a class, for disks unless it is another, busy for as long as it lives.
class BusyThread {
 public:
  explicit BusyThread(WorkPools& pools, Work of = Work("disk", 1, 1)) {
    auto* hold = new Hold(has_begun_, let_go_);
    EXPECT_TRUE(pools.of(of).give(*hold));
    has_begun_->acquire();
  }
  ~BusyThread() { let_go_->release(); }

 private:
  using Semaphore = std::shared_ptr<std::binary_semaphore>;

  struct Hold : WorkPool::Order {
    Hold(Semaphore begun, Semaphore until)
        : Order(wait), has_begun(std::move(begun)), let_go(std::move(until)) {}
    static void wait(WorkPool::Order& order) noexcept {
      std::unique_ptr<Hold> self(&static_cast<Hold&>(order));
      self->has_begun->release();
      self->let_go->acquire();
    }
    const Semaphore has_begun;
    const Semaphore let_go;
  };

  const Semaphore has_begun_ = std::make_shared<std::binary_semaphore>(0);
  const Semaphore let_go_ = std::make_shared<std::binary_semaphore>(0);
};

TEST(PoolAccess, cancels_a_disk_operation_that_no_thread_has_begun) {
  sys::Fd directory = root();
  auto pools = std::make_shared<WorkPools>();
  BusyThread busy(*pools);
  int wakes = 0;
  PoolAccess access(pools, [&wakes] { ++wakes; });
  OpenFile open(directory.get(), "no-such-name");
  ASSERT_TRUE(access.run(open, -1));
  access.cancel(open, Ending::timed_out);
  EXPECT_EQ(wakes, 1);
  JobQueue back;
  access.collect(back);
  ASSERT_FALSE(back.empty());
  EXPECT_EQ(&back.pop(), &open);
  EXPECT_EQ(open.ending, Ending::timed_out);
  EXPECT_EQ(open.result, -ECANCELED);
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

// An open file of that size; its name is gone when it is `unnamed`.
int make_file(off_t size_bytes, bool is_unnamed) {
  std::string path = testing::TempDir() + "duet_close_" + std::to_string(::getpid());
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  EXPECT_EQ(::posix_fallocate(descriptor, 0, size_bytes), 0);
  if (is_unnamed) ::unlink(path.c_str());
  return descriptor;
}

TEST(PoolAccess, leaves_the_closing_of_a_large_file_without_a_name_to_a_thread) {
  int file = make_file(off_t{4} << 20, true);
  {
    auto pools = std::make_shared<WorkPools>();
    BusyThread busy(*pools);
    PoolAccess(pools, [] {}).close_file(file);
    EXPECT_TRUE(is_open(file));
  }
  EXPECT_FALSE(is_open(file));  // a pool ends when its work is done
}

TEST(PoolAccess, closes_other_files_at_once) {
  auto pools = std::make_shared<WorkPools>();
  PoolAccess access(pools, [] {});
  BusyThread busy(*pools);
  int large = make_file(off_t{4} << 20, false);
  access.close_file(large);
  EXPECT_FALSE(is_open(large));
  int small = make_file(4096, true);
  access.close_file(small);
  EXPECT_FALSE(is_open(small));
}

TEST(PoolAccess, refuses_what_is_more_than_may_wait) {
  auto pools = std::make_shared<WorkPools>();
  PoolAccess access(pools, [] {});
  const Work none_waits("none waits", 1, 1, 0);
  BusyThread busy(*pools, none_waits);
  Note note(none_waits);
  EXPECT_FALSE(access.run(note, -1));
  EXPECT_EQ(note.ending, Ending::refused);
  EXPECT_FALSE(note.is_done);
}

// Makes every later clone(2) of this process fail.
void forbid_threads() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{.len = std::size(rules), .filter = rules};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    std::_Exit(77);
}

// Once it threw after it had queued the operation: the waiting coroutine was unwound, and a thread
// of the pool wrote into its frame.
TEST(PoolAccessDeathTest, does_the_work_itself_when_the_system_refuses_a_thread) {
  auto open_without_threads = [] {
    sys::Fd directory = root();
    forbid_threads();
    auto pools = std::make_shared<WorkPools>();
    open_many(pools, directory.get(), 10);
    std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(open_without_threads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duet::io
