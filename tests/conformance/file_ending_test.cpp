// Cancellation and deadlines of file operations: before they start, or after they have ended; never
// in the middle.

#include "conformance/disk_handlers.hpp"

namespace duet::test {
namespace {

using namespace std::chrono_literals;

class FileEnding : public DiskTest {};
INSTANTIATE_TEST_SUITE_P(, FileEnding, testing::ValuesIn(model_cases()), name_of<ModelCase>);

using Names = std::vector<std::string>;

template <class Waiting>
Task<> expect_cancelled(Waiting waiting, std::string& text) {
  try {
    co_await std::move(waiting);
    text += "done ";
  } catch (const Cancelled&) {
    text += ".";
  }
}

Task<> change_when_cancelled(Scope& scope, Directory folder, std::string& text) {
  File file = co_await File::open(folder, "file", FileAccess::update);
  File temporary = co_await File::temporary(folder);
  scope.cancel();
  co_await expect_cancelled(file.write_at(bytes_of("x"), 0), text);
  co_await expect_cancelled(file.append(bytes_of("x")), text);
  co_await expect_cancelled(file.resize(1), text);
  co_await expect_cancelled(temporary.keep_as(folder, "kept"), text);
  co_await expect_cancelled(File::create(folder, "file"), text);
  co_await expect_cancelled(copy_file(folder, "file", folder, "copy"), text);
  co_await expect_cancelled(rename_path(folder, "file", folder, "renamed"), text);
  co_await expect_cancelled(remove_file(folder, "file"), text);
  co_await expect_cancelled(make_folder(folder, "made"), text);
}

Task<std::string> cancel_before(Directory folder) {
  std::string text;
  auto body = [&text, folder](Scope& scope) { return change_when_cancelled(scope, folder, text); };
  Task<> changing = scoped(body);
  co_await std::move(changing);
  co_return text;
}

TEST_P(FileEnding, by_cancellation_before_the_start_changes_nothing) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(cancel_before), std::string(9, '.'));
  EXPECT_EQ(folder_.names(), Names{"file"});
  EXPECT_EQ(folder_.read("file"), "hello");
}

constexpr std::size_t large = 24U << 20;

Task<> write_much(File& file, std::string& text) {
  std::string bytes(large, 'x');
  try {
    co_await file.write_at(bytes_of(bytes), 0);
    text += "written, ";
    co_await yield();
    co_await file.write_at(bytes_of("too late"), large);
    text += "and again";
  } catch (const Cancelled&) {
    text += "cancelled";
    throw;
  }
}

Task<> cancel_now(Scope& scope) {
  scope.cancel();
  co_return;
}

Task<> write_and_cancel(Scope& scope, File& file, std::string& text) {
  scope.spawn("write", write_much(file, text));
  scope.spawn("cancel", cancel_now(scope));
  co_return;
}

Task<std::string> cancel_during(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  std::string text;
  auto body = [&text, &file](Scope& scope) { return write_and_cancel(scope, file, text); };
  Task<> writing = scoped(body);
  co_await std::move(writing);
  co_return text;
}

// Before, if no thread had begun with the write.
TEST_P(FileEnding, by_cancellation_during_a_write_comes_before_or_after_it) {
  std::string result = result_of(cancel_during);
  EXPECT_TRUE(result == "written, cancelled" || result == "cancelled") << result;
  EXPECT_TRUE(folder_.read("file") == std::string(result == "cancelled" ? 0 : large, 'x'));
}

Task<std::string> write_against_a_deadline(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  std::string bytes(large, 'x');
  auto written = co_await as_expected(file.write_at(bytes_of(bytes), 0).within(1us));
  co_return outcome(written);
}

TEST_P(FileEnding, by_a_write_s_own_deadline_leaves_it_whole_or_unwritten) {
  std::string result = result_of(write_against_a_deadline);
  EXPECT_TRUE(result == "done" || result == "timed out") << result;
  EXPECT_TRUE(folder_.read("file") == std::string(result == "done" ? large : 0, 'x'));
}

constexpr std::size_t record_bytes = 1U << 20;

Task<> write_for_ever(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  std::string record(record_bytes, 'x');
  for (std::uint64_t i = 0;; ++i) co_await file.write_at(bytes_of(record), i % 16 * record_bytes);
}

Task<std::string> write_until_a_deadline(Directory folder) {
  TimePoint start = Clock::now();
  try {
    co_await within(20ms, write_for_ever(folder));
  } catch (const TimedOut&) {
    co_return Clock::now() - start < 20ms ? "too early" : "timed out";
  }
  co_return "no end";
}

TEST_P(FileEnding, by_a_task_s_deadline_comes_between_two_operations) {
  EXPECT_EQ(result_of(write_until_a_deadline), "timed out");
  EXPECT_EQ(folder_.read("file").size() % record_bytes, 0U);
}

Task<> copy_for_ever(Directory folder) {
  for (;;) co_await copy_file(folder, "file", folder, "copy");
}

Task<std::string> copy_until_a_deadline(Directory folder) {
  try {
    co_await within(20ms, copy_for_ever(folder));
  } catch (const TimedOut&) {
    co_return "timed out";
  }
  co_return "no end";
}

TEST_P(FileEnding, of_a_copy_leaves_a_whole_one_or_none) {
  std::string content = pattern(16U << 20);
  folder_.write("file", content);
  EXPECT_EQ(result_of(copy_until_a_deadline), "timed out");
  for (const std::string& name : folder_.names())
    EXPECT_TRUE((name == "file" || name == "copy") && folder_.read(name) == content) << name;
}

}  // namespace
}  // namespace duet::test
