// Temporary files and copies: what is there is whole, and nothing is left of the rest.

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "conformance/disk_handlers.hpp"

namespace duet::test {
namespace {

class TemporaryFiles : public DiskTest {};
INSTANTIATE_TEST_SUITE_P(, TemporaryFiles, testing::ValuesIn(model_cases()), name_of<ModelCase>);

using Names = std::vector<std::string>;

Task<std::string> write_temporary(Directory folder) {
  File file = co_await File::temporary(folder);
  co_await file.write_at(bytes_of("hello"), 0);
  std::vector<FolderEntry> entries = co_await list_folder(folder, ".", 10);
  co_return std::to_string(file.facts().size_bytes) + ", " + std::to_string(entries.size());
}

TEST_P(TemporaryFiles, have_no_name_and_leave_nothing) {
  EXPECT_EQ(result_of(write_temporary), "5, 0");
  EXPECT_EQ(folder_.names(), Names{});
}

Task<std::string> keep(Directory folder) {
  File file = co_await File::temporary(folder);
  co_await file.write_at(bytes_of("hello"), 0);
  co_await file.keep_as(folder, "kept");
  co_return "kept";
}

TEST_P(TemporaryFiles, stay_under_the_name_they_are_kept_as) {
  EXPECT_EQ(result_of(keep), "kept");
  EXPECT_EQ(folder_.names(), Names{"kept"});
  EXPECT_EQ(folder_.read("kept"), "hello");
}

TEST_P(TemporaryFiles, take_the_place_of_what_had_the_name) {
  folder_.write("kept", "something longer than before");
  EXPECT_EQ(result_of(keep), "kept");
  EXPECT_EQ(folder_.names(), Names{"kept"});
  EXPECT_EQ(folder_.read("kept"), "hello");
}

// As a temporary file is where the file system makes none without a name.
Task<std::string> keep_what_was_removed(Directory folder) {
  File file = co_await File::open(folder, "name", FileAccess::create_new);
  co_await file.write_at(bytes_of("hello"), 0);
  co_await remove_file(folder, "name");
  co_await file.keep_as(folder, "kept");
  co_return "kept";
}

TEST_P(TemporaryFiles, are_kept_even_if_they_had_a_name_that_was_removed) {
  EXPECT_EQ(result_of(keep_what_was_removed), "kept");
  EXPECT_EQ(folder_.names(), Names{"kept"});
  EXPECT_EQ(folder_.read("kept"), "hello");
}

Task<std::string> keep_in_place_of_a_folder(Directory folder) {
  File file = co_await File::temporary(folder);
  auto kept = co_await as_expected(file.keep_as(folder, "folder"));
  co_return outcome(kept);
}

using std::filesystem::perms;
constexpr perms private_perms = perms::owner_read | perms::owner_write;

// The copy that gives it a name must not be readable by more.
Task<std::string> keep_private_what_was_removed(Directory folder) {
  File file = co_await File::open(folder, "name", FileAccess::update);
  co_await remove_file(folder, "name");
  co_await file.keep_as(folder, "kept");
  co_return "kept";
}

TEST_P(TemporaryFiles, that_had_a_name_and_were_private_are_kept_private) {
  folder_.write("name", "secret");
  std::filesystem::permissions(folder_.path_of("name"), private_perms);
  EXPECT_EQ(result_of(keep_private_what_was_removed), "kept");
  EXPECT_EQ(folder_.permissions("kept"), private_perms);
}

TEST_P(TemporaryFiles, that_cannot_be_kept_leave_nothing) {
  std::filesystem::create_directory(folder_.path_of("folder"));
  EXPECT_EQ(result_of(keep_in_place_of_a_folder), "Is a directory");
  EXPECT_EQ(folder_.names(), Names{"folder"});
}

class Copies : public DiskTest {};
INSTANTIATE_TEST_SUITE_P(, Copies, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<std::string> copy(Directory folder) {
  std::uint64_t size = co_await copy_file(folder, "file", folder, "copy");
  co_return std::to_string(size);
}

TEST_P(Copies, of_an_empty_file_are_empty) {
  folder_.write("file", "");
  folder_.write("copy", "gone");
  EXPECT_EQ(result_of(copy), "0");
  EXPECT_EQ(folder_.names(), (Names{"copy", "file"}));
  EXPECT_EQ(folder_.read("copy"), "");
}

TEST_P(Copies, of_a_large_file_are_the_same) {
  std::string content = pattern((9U << 20) + 5);
  folder_.write("file", content);
  EXPECT_EQ(result_of(copy), std::to_string(content.size()));
  EXPECT_TRUE(folder_.read("copy") == content);
}

TEST_P(Copies, of_a_file_with_holes_have_the_holes) {
  constexpr std::uint64_t data_at = 1U << 30;
  folder_.write("file", "begin");
  std::filesystem::resize_file(folder_.path_of("file"), data_at);
  {
    std::ofstream file(folder_.path_of("file"), std::ios::binary | std::ios::app);
    file << "middle";
  }
  std::filesystem::resize_file(folder_.path_of("file"), 2 * data_at);
  EXPECT_EQ(result_of(copy), std::to_string(2 * data_at));
  EXPECT_LE(folder_.allocated_bytes("copy"), 1U << 20);
  std::ifstream file(folder_.path_of("copy"), std::ios::binary);
  std::string begin(5, ' '), middle(7, ' ');
  file.read(begin.data(), 5);
  file.seekg(static_cast<std::streamoff>(data_at));
  file.read(middle.data(), 7);
  EXPECT_EQ(begin, "begin");
  EXPECT_EQ(middle, std::string("middle\0", 7));
}

// A copy of a key had become readable by all.
TEST_P(Copies, of_a_private_file_are_private) {
  folder_.write("file", "secret");
  std::filesystem::permissions(folder_.path_of("file"), private_perms);
  EXPECT_EQ(result_of(copy), "6");
  EXPECT_EQ(folder_.permissions("copy"), private_perms);
}

// The owner of the copy is who copied, and would lend his rights to whoever runs it.
TEST_P(Copies, have_all_permissions_of_their_source_but_to_run_as_their_owner) {
  folder_.write("file", "#!/bin/sh");
  std::filesystem::permissions(folder_.path_of("file"), perms::all | perms::set_uid);
  EXPECT_EQ(result_of(copy), "9");
  EXPECT_EQ(folder_.permissions("copy"), perms::all);
}

TEST_P(Copies, of_nothing_make_nothing) {
  EXPECT_EQ(result_of(copy), "failed: open file: No such file or directory");
  EXPECT_EQ(folder_.names(), Names{});
}

Task<std::string> copy_into_content(Directory folder) {
  File source = co_await File::open(folder, "file");
  File target = co_await File::open(folder, "copy", FileAccess::update);
  co_await target.copy_from(source);
  co_return "copied";
}

// They mixed the two.
TEST_P(Copies, into_a_file_with_content_are_refused) {
  folder_.write("file", "short");
  folder_.write("copy", "something longer");
  EXPECT_EQ(result_of(copy_into_content),
            "failed: copy copy (what is copied to has to be empty): Invalid argument");
  EXPECT_EQ(folder_.read("copy"), "something longer");
}

TEST_P(Copies, of_a_folder_are_refused) {
  std::filesystem::create_directory(folder_.path_of("file"));
  EXPECT_EQ(result_of(copy), "failed: copy file: Is a directory");
  EXPECT_EQ(folder_.names(), Names{"file"});
}

// The kernel copies neither what it makes up itself nor between file systems.
Task<std::string> copy_from_elsewhere(Directory folder) {
  Directory proc("/proc");
  std::string original = co_await content_of(proc, "version");
  co_await copy_file(proc, "version", folder, "copy");
  std::string copied = co_await content_of(folder, "copy");
  co_return copied == original && !copied.empty() ? "same" : copied;
}

TEST_P(Copies, of_what_the_kernel_does_not_copy_are_read_and_written) {
  EXPECT_EQ(result_of(copy_from_elsewhere), "same");
}

}  // namespace
}  // namespace duet::test
