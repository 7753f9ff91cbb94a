// A handler that waits for a disk keeps nobody waiting with whom it shares a loop.

#include <atomic>
#include <string_view>

#include "conformance/disk_handlers.hpp"
#include "support/shared_memory.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t large = 96U << 20;

// Ticks come every millisecond, and the work takes many; one or two may come while it opens a file.
constexpr long ticks_of_an_open_loop = 4;

// Once is proof, since nobody goes on where the work holds the loop. A machine that has other tasks
// may keep the loop waiting for as long as the work takes: that proves nothing.
constexpr int attempts_max = 5;
constexpr std::string_view went_on = " while others went on";

struct Progress {
  std::atomic<long> ticks = 0;
  std::atomic<bool> is_over = false;
};

// A handler that wants to go on all the time.
Task<> tick(Stream peer, Progress* progress) {
  co_await peer.write_all(bytes_of("!"));
  while (!progress->is_over) {
    ++progress->ticks;
    co_await sleep_for(1ms);
  }
}

Task<std::string> count_ticks(Directory folder, DiskBody body, Progress* progress) {
  long before = progress->ticks;
  std::string result = co_await body(folder);
  long ticks = progress->ticks - before;
  progress->is_over = true;
  co_return result.append(ticks >= ticks_of_an_open_loop ? went_on : " while nobody went on");
}

Task<> work_on_disk(Stream peer, Directory folder, DiskBody body, Progress* progress) {
  std::string text = co_await count_ticks(folder, body, progress);
  co_await peer.write_all(bytes_of(text));
}

class DiskWaits : public DiskTest {
 protected:
  void SetUp() override {
    DiskTest::SetUp();
    if (model().is_one_at_a_time())
      GTEST_SKIP() << refused("one connection at a time",
                              "Connections.wait_for_a_blocked_peer_only_if_served_one_at_a_time");
  }

  template <class Prepare>
  std::string result_beside_another(DiskBody body, Prepare prepare) {
    std::string result;
    for (int i = 0; i < attempts_max && !result.ends_with(went_on); ++i) {
      prepare();
      result = attempt_beside_another(body);
    }
    return result;
  }

  std::string attempt_beside_another(DiskBody body) {
    SharedMemory<Progress> progress;
    Directory folder(folder_.path());
    ServerProcess server(options(), [&](Runtime& runtime) {
      runtime.serve(Address::loopback(0), work_on_disk, folder, body, progress.get());
      runtime.serve(Address::loopback(0), tick, progress.get());
    });
    ClientSocket other(server.address(1));
    EXPECT_EQ(other.receive(1), "!");
    std::string result = ClientSocket(server.address(0)).receive_rest();
    EXPECT_EQ(other.receive_rest(), "");
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(, DiskWaits, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<std::string> read_cold(Directory folder) {
  File file = co_await File::open(folder, "file");
  std::string text(large, ' ');
  std::span<std::byte> bytes = std::as_writable_bytes(std::span(text));
  for (std::size_t at = 0; at < large;) {
    std::size_t n = co_await file.read_at(bytes.subspan(at), at);
    if (n == 0) co_return "cut short";
    at += n;
  }
  co_return "read";
}

TEST_P(DiskWaits, for_a_read_that_is_not_cached_keep_nobody_waiting) {
  folder_.write("file", std::string(large, 'x'));
  if (!folder_.chill("file"))
    GTEST_SKIP() << not_here("this file system has no other place than memory");
  auto chill = [this] { folder_.chill("file"); };
  EXPECT_EQ(result_beside_another(read_cold, chill), "read while others went on");
}

Task<std::string> write_and_sync(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  std::string bytes(large, 'x');
  co_await file.write_at(bytes_of(bytes), 0);
  co_await file.sync();
  co_return "synced";
}

TEST_P(DiskWaits, for_a_write_and_a_sync_keep_nobody_waiting) {
  EXPECT_EQ(result_beside_another(write_and_sync, [] {}), "synced while others went on");
}

Task<std::string> copy(Directory folder) {
  co_await copy_file(folder, "file", folder, "copy");
  co_return "copied";
}

TEST_P(DiskWaits, for_a_copy_keep_nobody_waiting) {
  folder_.write("file", std::string(large, 'x'));
  EXPECT_EQ(result_beside_another(copy, [] {}), "copied while others went on");
}

}  // namespace
}  // namespace duet::test
