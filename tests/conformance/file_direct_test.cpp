// Direct access to files: what is not aligned is refused with a sentence that says what would be.

#include <algorithm>

#include <fmt/format.h>

#include "conformance/disk_handlers.hpp"
#include "duet/fs/aligned_buffer.hpp"
#include "support/skip_reason.hpp"

namespace duet::test {
namespace {

class DirectFiles : public DiskTest {
 protected:
  void SetUp() override {
    DiskTest::SetUp();
    if (IsSkipped()) return;
    folder_.write("file", pattern(size));
    if (result_of(open_direct) != "opened")
      GTEST_SKIP() << not_here("this file system has no direct access");
  }

  static constexpr std::size_t size = 64 * 1024;

 private:
  static Task<std::string> open_direct(Directory folder) {
    File file = co_await File::open(folder, "file", FileAccess::read, Caching::direct);
    co_return "opened";
  }
};
INSTANTIATE_TEST_SUITE_P(, DirectFiles, testing::ValuesIn(model_cases()), name_of<ModelCase>);

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Task<std::string> read_direct(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::read, Caching::direct);
  AlignedBuffer buffer(5000, file.alignment());
  std::string content;
  for (;;) {
    std::size_t n = co_await file.read_at(buffer.bytes(), content.size());
    if (n == 0) co_return content;
    content += text_of(buffer.bytes().first(n));
  }
}

TEST_P(DirectFiles, are_read_into_aligned_buffers) {
  EXPECT_TRUE(result_of(read_direct) == folder_.read("file"));
}

Task<std::string> write_direct(Directory folder) {
  File file = co_await File::open(folder, "new", FileAccess::write, Caching::direct);
  AlignedBuffer buffer(1, file.alignment());
  std::ranges::fill(buffer.bytes(), std::byte{'x'});
  co_await file.write_at(buffer.bytes(), 0);
  co_await file.append(buffer.bytes());
  co_await file.resize(buffer.size() + 3);
  co_return std::to_string(buffer.size());
}

TEST_P(DirectFiles, are_written_from_aligned_buffers_and_cut_to_any_size) {
  std::size_t unit = std::stoul(result_of(write_direct));
  EXPECT_EQ(folder_.read("new"), std::string(unit + 3, 'x'));
}

enum class Misaligned : std::uint8_t { memory, length, offset };

// A read and a write, of which one thing is not as it has to be. They say what has to be.
Task<std::string> misalign(Directory folder, Misaligned what) {
  File file = co_await File::open(folder, "file", FileAccess::update, Caching::direct);
  AlignedBuffer buffer(std::size_t{32} * 1024, file.alignment());
  std::size_t unit = file.alignment().offset_bytes;
  std::span<std::byte> bytes = buffer.bytes().first(2 * unit);
  if (what == Misaligned::memory) bytes = buffer.bytes().subspan(1, 2 * unit);
  if (what == Misaligned::length) bytes = buffer.bytes().first(2 * unit - 1);
  std::uint64_t offset = what == Misaligned::offset ? unit / 2 : 0;
  auto read = co_await as_expected(file.read_at(bytes, offset));
  if (read || read.error() != Errc::misaligned) co_return "read";
  std::string text;
  try {
    co_await file.write_at(bytes, offset);
  } catch (const IoError& error) {
    text = error.what();
  }
  std::string needed = fmt::format(
      "write file (memory has to be at a multiple of {} bytes, offset and length of {}): "
      "not aligned for direct access",
      file.alignment().memory_bytes, unit);
  co_return text == needed ? "refused" : text;
}

Task<std::string> misalign_memory(Directory folder) { return misalign(folder, Misaligned::memory); }
Task<std::string> misalign_length(Directory folder) { return misalign(folder, Misaligned::length); }
Task<std::string> misalign_offset(Directory folder) { return misalign(folder, Misaligned::offset); }

TEST_P(DirectFiles, refuse_memory_that_is_not_aligned) {
  EXPECT_EQ(result_of(misalign_memory), "refused");
}

TEST_P(DirectFiles, refuse_a_length_that_is_not_aligned) {
  EXPECT_EQ(result_of(misalign_length), "refused");
}

TEST_P(DirectFiles, refuse_an_offset_that_is_not_aligned) {
  EXPECT_EQ(result_of(misalign_offset), "refused");
}

template <class T>
Task<std::string> failure_of(Task<T> task) {
  try {
    co_await std::move(task);
  } catch (const IoError& error) {
    co_return std::string(error.code() == Errc::misaligned ? "misaligned: " : "") + error.what();
  }
  co_return "nothing failed";
}

Task<> append_block(File& file) {
  AlignedBuffer buffer(1, file.alignment());
  std::ranges::fill(buffer.bytes(), std::byte{'x'});
  co_await file.append(buffer.bytes());
}

// The kernel said EINVAL, and nothing about why.
Task<std::string> append_to_a_cut_block(Directory folder) {
  File file = co_await File::open(folder, "new", FileAccess::write, Caching::direct);
  co_await append_block(file);
  co_await file.resize(3);
  std::string text = co_await failure_of(append_block(file));
  std::string needed = fmt::format(
      "misaligned: write new (appending needs a size that is a multiple of {} bytes): not aligned "
      "for direct access",
      file.alignment().offset_bytes);
  co_return text == needed ? "refused" : text;
}

TEST_P(DirectFiles, refuse_to_append_at_an_end_that_is_not_aligned) {
  EXPECT_EQ(result_of(append_to_a_cut_block), "refused");
  EXPECT_EQ(folder_.read("new"), "xxx");
}

Task<std::string> copy_between(Directory folder, Caching source_caching, Caching target_caching) {
  File source = co_await File::open(folder, "file", FileAccess::read, source_caching);
  File target = co_await File::open(folder, "new", FileAccess::write, target_caching);
  co_return co_await failure_of(target.copy_from(source));
}

Task<std::string> copy_to_direct(Directory folder) {
  return copy_between(folder, Caching::buffered, Caching::direct);
}
Task<std::string> copy_from_direct(Directory folder) {
  return copy_between(folder, Caching::direct, Caching::buffered);
}

// It named the file that was in order.
TEST_P(DirectFiles, refuse_copies_and_say_which_file_is_direct) {
  const std::string why =
      " (copying needs files that are opened without direct access): not aligned for direct access";
  EXPECT_EQ(result_of(copy_to_direct), "misaligned: copy new" + why);
  EXPECT_EQ(result_of(copy_from_direct), "misaligned: copy file" + why);
  EXPECT_EQ(folder_.read("new"), "");
}

Task<std::string> read_buffered(Directory folder) {
  File file = co_await File::open(folder, "file");
  std::string bytes(3, ' ');
  std::size_t n = co_await file.read_at(std::as_writable_bytes(std::span(bytes)), 7);
  co_return std::to_string(n);
}

TEST_P(DirectFiles, ask_nothing_of_buffered_ones) { EXPECT_EQ(result_of(read_buffered), "3"); }

}  // namespace
}  // namespace duet::test
