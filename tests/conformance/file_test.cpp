// Files of a handler: opened, written, read, measured, made durable.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <list>

#include "conformance/disk_handlers.hpp"
#include "sys/fd.hpp"

namespace duet::test {
namespace {

class Files : public DiskTest {};
INSTANTIATE_TEST_SUITE_P(, Files, testing::ValuesIn(model_cases()), name_of<ModelCase>);

Task<std::string> write_and_read(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  co_await file.write_at(bytes_of("world"), 6);
  co_await file.write_at(bytes_of("hello "), 0);
  std::array<char, 64> buffer;
  std::size_t n = co_await file.read_at(std::as_writable_bytes(std::span(buffer)), 2);
  co_return std::string(buffer.data(), n);
}

TEST_P(Files, are_read_and_written_at_any_offset) {
  EXPECT_EQ(result_of(write_and_read), "llo world");
  EXPECT_EQ(folder_.read("file"), "hello world");
}

Task<std::string> write_in_place(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::update);
  co_await file.write_at(bytes_of("J"), 0);
  auto missing = co_await as_expected(File::open(folder, "missing", FileAccess::update));
  co_return outcome(missing);
}

TEST_P(Files, are_updated_only_if_they_are_there) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(write_in_place), "No such file or directory");
  EXPECT_EQ(folder_.read("file"), "Jello");
}

Task<std::string> make_twice(Directory folder) {
  File file = co_await File::open(folder, "new", FileAccess::create_new);
  co_await file.write_at(bytes_of("first"), 0);
  auto second = co_await as_expected(File::open(folder, "new", FileAccess::create_new));
  co_return outcome(second);
}

TEST_P(Files, are_made_anew_only_if_they_are_not_there) {
  EXPECT_EQ(result_of(make_twice), "File exists");
  EXPECT_EQ(folder_.read("new"), "first");
}

Task<std::string> empty_by_create(Directory folder) {
  File file = co_await File::create(folder, "file");
  co_return std::to_string(file.facts().size_bytes);
}

TEST_P(Files, lose_what_they_had_when_they_are_created) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(empty_by_create), "0");
}

constexpr std::size_t record_bytes = 256 * 1024;
constexpr std::size_t records = 48;

Task<> append_records(Stream peer, Directory folder, char letter) {
  File file = co_await File::open(folder, "log", FileAccess::write);
  std::array<std::byte, 1> go;
  co_await peer.read_exact(go);
  std::string record(record_bytes, letter);
  for (std::size_t i = 0; i < records; ++i) co_await file.append(bytes_of(record));
  co_await peer.write_all(bytes_of("done"));
}

bool is_of_whole_records(std::string_view log) {
  for (std::size_t at = 0; at < log.size(); at += record_bytes) {
    std::string_view record = log.substr(at, record_bytes);
    if (record.find_first_not_of(record.front()) != record.npos) return false;
  }
  return true;
}

TEST_P(Files, take_appended_records_of_several_writers_whole) {
  Directory folder(folder_.path());
  ServerProcess server(options(), [&](Runtime& runtime) {
    for (char letter : {'a', 'b', 'c'})
      runtime.serve(Address::loopback(0), append_records, folder, letter);
  });
  std::list<ClientSocket> clients;
  for (std::size_t i = 0; i < 3; ++i) clients.emplace_back(server.address(i));
  for (ClientSocket& client : clients) client.send("!");
  for (ClientSocket& client : clients) EXPECT_EQ(client.receive_rest(), "done");
  std::string log = folder_.read("log");
  EXPECT_EQ(log.size(), 3 * records * record_bytes);
  EXPECT_TRUE(is_of_whole_records(log));
}

Task<std::string> resize(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::update);
  co_await file.resize(4);
  co_await file.resize(6);
  co_return std::to_string(file.facts().size_bytes);
}

TEST_P(Files, are_cut_and_lengthened_by_zeros) {
  folder_.write("file", "hello world");
  EXPECT_EQ(result_of(resize), "6");
  EXPECT_EQ(folder_.read("file"), std::string("hell\0\0", 6));
}

Task<std::string> allocate(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  auto done = co_await as_expected(file.allocate(1U << 20));
  co_return outcome(done);
}

TEST_P(Files, have_a_place_for_what_was_allocated) {
  EXPECT_EQ(result_of(allocate), "done");
  EXPECT_GE(folder_.allocated_bytes("file"), 1U << 20);
}

// Pages of a file that the disk does not have yet; none where the kernel does not tell.
std::uint64_t dirty_pages(const std::string& path) {
  struct {
    std::uint64_t offset = 0, length = 0;
  } all;
  struct {
    std::uint64_t cached, dirty, in_writing, evicted, lately_evicted;
  } pages{};
  constexpr long cachestat = 451;  // Linux 6.5
  sys::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ::syscall(cachestat, file.get(), &all, &pages, 0);
  return pages.dirty + pages.in_writing;
}

Task<std::string> write_and_sync(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::write);
  std::string bytes(1U << 20, 'x');
  co_await file.write_at(bytes_of(bytes), 0);
  co_await file.sync_data();
  co_return "synced";
}

TEST_P(Files, are_on_the_disk_when_they_have_been_synced) {
  EXPECT_EQ(result_of(write_and_sync), "synced");
  EXPECT_EQ(dirty_pages(folder_.path_of("file")), 0U);
}

Task<std::string> sync_folder(Directory folder) {
  File itself = co_await File::open(folder, ".");
  co_await itself.sync();
  co_return "synced";
}

TEST_P(Files, may_be_folders_that_are_synced) { EXPECT_EQ(result_of(sync_folder), "synced"); }

Task<std::string> tell_facts(Directory folder) {
  FileFacts file = co_await facts_of(folder, "file");
  FileFacts inside = co_await facts_of(folder, ".");
  File opened = co_await File::open(folder, "file");
  if (file != opened.facts()) co_return "another file";
  if (file.type != FileFacts::Type::file) co_return "no file";
  if (inside.type != FileFacts::Type::directory) co_return "no folder";
  co_return std::to_string(file.size_bytes);
}

TEST_P(Files, tell_their_facts_open_and_by_path) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(tell_facts), "5");
}

// One less than zero was an append, and to the ring -1 is the position of the descriptor.
Task<std::string> use_offsets_beyond_all(Directory folder) {
  File file = co_await File::open(folder, "file", FileAccess::update);
  std::array<std::byte, 1> byte{};
  std::string text;
  for (std::uint64_t offset : {UINT64_MAX, std::uint64_t{1} << 63}) {
    auto written = co_await as_expected(file.write_at(byte, offset));
    text += "write: " + outcome(written);
    auto read = co_await as_expected(file.read_at(byte, offset));
    text += ", read: " + outcome(read);
    auto resized = co_await as_expected(file.resize(offset));
    text += ", resize: " + outcome(resized);
    auto allocated = co_await as_expected(file.allocate(offset));
    text += ", allocate: " + outcome(allocated) + "\n";
  }
  co_return text;
}

TEST_P(Files, refuse_offsets_beyond_those_of_the_kernel) {
  folder_.write("file", "hello");
  const std::string refused =
      "write: Invalid argument, read: Invalid argument, resize: Invalid argument, "
      "allocate: Invalid argument\n";
  EXPECT_EQ(result_of(use_offsets_beyond_all), refused + refused);
  EXPECT_EQ(folder_.read("file"), "hello");
}

Task<std::string> fail(Directory folder) {
  File file = co_await File::open(folder, "file");
  co_await file.write_at(bytes_of("x"), 0);
  co_return "written";
}

TEST_P(Files, that_fail_say_what_and_where) {
  folder_.write("file", "hello");
  EXPECT_EQ(result_of(fail), "failed: write file: Bad file descriptor");
}

}  // namespace
}  // namespace duet::test
