#include "http/file_cache.hpp"

#include <gtest/gtest.h>

namespace duet::http {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t now_ns = 1000 * second_ns;

FileFacts file_of(std::uint64_t size_bytes, std::int64_t changed_ns = 0) {
  FileFacts facts;
  facts.type = FileFacts::Type::file;
  facts.size_bytes = size_bytes;
  facts.modified_ns = facts.changed_ns = changed_ns;
  return facts;
}

FileCache::Content content_of(std::size_t bytes) {
  return std::make_shared<const std::string>(bytes, 'x');
}

bool is_kept(FileCache& cache, std::string_view path, const FileFacts& facts) {
  return cache.find(path, facts, now_ns).content != nullptr;
}

TEST(FileCache, advises_to_read_what_is_asked_for_again) {
  FileCache cache;
  EXPECT_EQ(cache.find("a", file_of(3), now_ns).advice, FileCache::Advice::leave);
  EXPECT_EQ(cache.find("a", file_of(3), now_ns).advice, FileCache::Advice::read);
  FileCache::Content content = content_of(3);
  cache.keep("a", file_of(3), content);
  EXPECT_EQ(cache.find("a", file_of(3), now_ns).content, content);
}

TEST(FileCache, has_no_content_for_a_file_that_differs_in_anything) {
  FileFacts kept = file_of(3, 5);
  FileFacts later = kept, changed = kept, other = kept, elsewhere = kept;
  ++later.modified_ns;
  ++changed.changed_ns;
  ++other.inode;
  ++elsewhere.device;
  for (const FileFacts& facts : {later, changed, other, elsewhere, file_of(4, 5)}) {
    FileCache cache;
    cache.keep("a", kept, content_of(3));
    EXPECT_TRUE(is_kept(cache, "a", kept));
    EXPECT_FALSE(is_kept(cache, "a", facts));
    EXPECT_FALSE(is_kept(cache, "a", kept)) << "what was there before is gone";
  }
}

// The clock of a file system is coarse: a second write in the same moment would not be seen.
TEST(FileCache, leaves_what_has_just_changed) {
  FileCache cache;
  FileFacts fresh = file_of(3, now_ns - second_ns);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(cache.find("a", fresh, now_ns).advice, FileCache::Advice::leave);
}

TEST(FileCache, leaves_what_is_large) {
  FileCache cache;
  FileFacts large = file_of(FileCache::file_bytes_max + 1);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(cache.find("a", large, now_ns).advice, FileCache::Advice::leave);
}

TEST(FileCache, gives_up_what_was_not_used_for_the_longest_time) {
  FileCache cache;
  constexpr std::size_t count = FileCache::bytes_max / FileCache::file_bytes_max;
  FileFacts facts = file_of(FileCache::file_bytes_max);
  for (std::size_t i = 0; i < count; ++i)
    cache.keep(std::to_string(i), facts, content_of(FileCache::file_bytes_max));
  EXPECT_TRUE(is_kept(cache, "0", facts));
  cache.keep("one more", facts, content_of(FileCache::file_bytes_max));
  EXPECT_TRUE(is_kept(cache, "0", facts));
  EXPECT_FALSE(is_kept(cache, "1", facts));
  EXPECT_TRUE(is_kept(cache, "one more", facts));
}

}  // namespace
}  // namespace duet::http
