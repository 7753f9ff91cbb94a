// Names and folders, as handlers change them.

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "conformance/disk_handlers.hpp"

namespace duet::test {
namespace {

class Paths : public DiskTest {};
INSTANTIATE_TEST_SUITE_P(, Paths, testing::ValuesIn(model_cases()), name_of<ModelCase>);

using Names = std::vector<std::string>;

Task<std::string> rename(Directory folder) {
  co_await rename_path(folder, "new", folder, "old");
  co_return "renamed";
}

TEST_P(Paths, are_renamed_in_place_of_what_had_the_name) {
  folder_.write("new", "new content");
  folder_.write("old", "old content");
  EXPECT_EQ(result_of(rename), "renamed");
  EXPECT_EQ(folder_.names(), Names{"old"});
  EXPECT_EQ(folder_.read("old"), "new content");
}

Task<std::string> remove(Directory folder) {
  File file = co_await File::open(folder, "file");
  co_await remove_file(folder, "file");
  auto again = co_await as_expected(remove_file(folder, "file"));
  co_return std::to_string(file.facts().size_bytes) + ", " + outcome(again);
}

TEST_P(Paths, are_removed_while_who_has_the_file_open_keeps_it) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(remove), "5, No such file or directory");
  EXPECT_EQ(folder_.names(), Names{});
}

Task<std::string> make_and_list(Directory folder) {
  co_await make_folder(folder, "outer");
  co_await make_folder(folder, "outer/inner/");
  File file = co_await File::create(folder, "outer/file");
  std::vector<FolderEntry> entries = co_await list_folder(folder, "outer", 10);
  std::ranges::sort(entries, {}, &FolderEntry::name);
  std::string text;
  for (const FolderEntry& entry : entries) text += entry.name + (entry.is_folder ? "/ " : " ");
  co_return text;
}

TEST_P(Paths, of_folders_are_made_and_listed) {
  EXPECT_EQ(result_of(make_and_list), "file inner/ ");
}

Task<std::string> remove_folders(Directory folder) {
  auto full = co_await as_expected(remove_folder(folder, "outer"));
  co_await remove_folder(folder, "outer/inner");
  co_await remove_folder(folder, "outer");
  co_return outcome(full);
}

TEST_P(Paths, of_folders_are_removed_when_they_are_empty) {
  std::filesystem::create_directories(folder_.path_of("outer/inner"));
  EXPECT_EQ(result_of(remove_folders), "Directory not empty");
  EXPECT_EQ(folder_.names(), Names{});
}

Task<std::string> remove_what_is_no_folder(Directory folder) {
  auto file = co_await as_expected(remove_folder(folder, "file"));
  auto inside = co_await as_expected(remove_file(folder, "folder"));
  co_return outcome(file) + ", " + outcome(inside);
}

TEST_P(Paths, of_files_and_of_folders_are_not_mixed_up) {
  folder_.write("file", "hello");
  std::filesystem::create_directory(folder_.path_of("folder"));
  EXPECT_EQ(result_of(remove_what_is_no_folder), "Not a directory, Is a directory");
}

Task<std::string> make_below_nothing(Directory folder) {
  co_await make_folder(folder, "missing/new");
  co_return "made";
}

TEST_P(Paths, that_fail_say_what_and_where) {
  EXPECT_EQ(result_of(make_below_nothing),
            "failed: make folder missing/new: No such file or directory");
}

Task<std::string> change_outside(Directory folder) {
  std::string refused;
  for (std::string path : {"../outside", "/outside", "up/outside", "inner/../../outside"}) {
    auto removed = co_await as_expected(remove_file(folder, path));
    auto made = co_await as_expected(make_folder(folder, path));
    auto moved_out = co_await as_expected(rename_path(folder, "file", folder, path));
    auto moved_in = co_await as_expected(rename_path(folder, path, folder, "file"));
    for (const auto& result : {removed, made, moved_out, moved_in})
      refused += outcome(result) == "Invalid cross-device link" ? "." : outcome(result);
  }
  co_return refused;
}

TEST_P(Paths, that_lead_outside_are_refused) {
  std::filesystem::create_directories(folder_.path_of("below/inner"));
  std::filesystem::create_symlink("..", folder_.path_of("below/up"));
  folder_.write("outside", "stays");
  folder_.write("below/file", "stays, too");
  Directory below(folder_.path_of("below"));
  ServerProcess server(options(), serving(answer_on_disk, below, DiskBody(change_outside)));
  EXPECT_EQ(ClientSocket(server.address()).receive_rest(), std::string(16, '.'));
  EXPECT_EQ(folder_.names(), (Names{"below", "outside"}));
  EXPECT_EQ(folder_.read("below/file"), "stays, too");
}

Task<std::string> change_what_is_no_name(Directory folder) {
  std::string refused;
  for (std::string path : {"", ".", "..", "inner/..", "inner/."}) {
    auto result = co_await as_expected(remove_folder(folder, path));
    refused += result ? "removed " : ".";
  }
  co_return refused;
}

TEST_P(Paths, that_end_in_no_name_are_refused) {
  std::filesystem::create_directory(folder_.path_of("inner"));
  EXPECT_EQ(result_of(change_what_is_no_name), std::string(5, '.'));
  EXPECT_EQ(folder_.names(), Names{"inner"});
}

Task<std::string> remove_link(Directory folder) {
  co_await remove_file(folder, "link");
  co_return "removed";
}

TEST_P(Paths, that_are_links_are_removed_themselves) {
  folder_.write("file", "stays");
  std::filesystem::create_symlink("file", folder_.path_of("link"));
  EXPECT_EQ(result_of(remove_link), "removed");
  EXPECT_EQ(folder_.names(), Names{"file"});
}

// "keep.txt\0.tmp" passes for a name that ends in ".tmp", and the kernel would remove keep.txt.
Task<std::string> refuse_a_nul_byte(Directory folder) {
  const std::string name("keep.txt\0.tmp", 13), inside("\0", 1);
  std::string text;
  auto opened = co_await as_expected(File::open(folder, name));
  text += outcome(opened);
  auto made = co_await as_expected(File::create(folder, name));
  text += ", " + outcome(made);
  auto temporary = co_await as_expected(File::temporary(folder, "." + inside));
  text += ", " + outcome(temporary);
  auto looked_at = co_await as_expected(facts_of(folder, name));
  text += ", " + outcome(looked_at);
  auto listed = co_await as_expected(list_folder(folder, "." + inside, 10));
  text += ", " + outcome(listed);
  auto folder_made = co_await as_expected(make_folder(folder, "new" + inside));
  text += ", " + outcome(folder_made);
  auto folder_removed = co_await as_expected(remove_folder(folder, "folder" + inside));
  text += ", " + outcome(folder_removed);
  auto removed = co_await as_expected(remove_file(folder, name));
  text += ", " + outcome(removed);
  auto renamed = co_await as_expected(rename_path(folder, name, folder, "other"));
  text += ", " + outcome(renamed);
  auto replaced = co_await as_expected(rename_path(folder, "other", folder, name));
  text += ", " + outcome(replaced);
  auto copied = co_await as_expected(copy_file(folder, "other", folder, name));
  text += ", " + outcome(copied);
  co_return text;
}

TEST_P(Paths, with_a_nul_byte_are_refused) {
  folder_.write("keep.txt", "kept");
  folder_.write("other", "another");
  std::filesystem::create_directory(folder_.path_of("folder"));
  std::string refused = "Invalid argument";
  for (int i = 1; i < 11; ++i) refused += ", Invalid argument";
  EXPECT_EQ(result_of(refuse_a_nul_byte), refused);
  EXPECT_EQ(folder_.names(), (Names{"folder", "keep.txt", "other"}));
  EXPECT_EQ(folder_.read("keep.txt"), "kept");
}

Task<std::string> fail_at_a_nul_byte(Directory folder) {
  co_await remove_file(folder, std::string("keep.txt\0.tmp", 13));
  co_return "removed";
}

TEST_P(Paths, with_a_nul_byte_are_named_in_full) {
  EXPECT_EQ(result_of(fail_at_a_nul_byte), "failed: remove keep.txt\\0.tmp: Invalid argument");
}

TEST(Directories, with_a_nul_byte_in_their_path_are_refused) {
  try {
    Directory(std::string("/tmp\0/inside", 12));
    ADD_FAILURE() << "opened";
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "open /tmp\\0/inside: Invalid argument");
  }
}

}  // namespace
}  // namespace duet::test
