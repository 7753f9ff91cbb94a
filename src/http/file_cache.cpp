#include "http/file_cache.hpp"

#include <algorithm>

namespace duet::http {
namespace {

constexpr std::size_t entries_max = 4096;
constexpr std::int64_t unsettled_ns = 2'000'000'000;

bool is_settled(const FileFacts& facts, std::int64_t now_ns) noexcept {
  return std::max(facts.modified_ns, facts.changed_ns) < now_ns - unsettled_ns;
}

std::size_t size_of(const FileCache::Content& content) noexcept {
  return content ? content->size() : 0;
}

}  // namespace

FileCache::Found FileCache::find(std::string_view path, const FileFacts& facts,
                                 std::int64_t now_ns) {
  if (facts.size_bytes > file_bytes_max || !is_settled(facts, now_ns)) return {};
  std::lock_guard lock(mutex_);
  auto found = by_path_.find(path);
  bool is_known = found != by_path_.end() && found->second->facts == facts;
  Entry& entry = entry_of(path, facts);
  if (entry.content) return {entry.content, Advice::leave};
  return {nullptr, is_known ? Advice::read : Advice::leave};
}

void FileCache::keep(std::string_view path, const FileFacts& facts, Content content) {
  std::lock_guard lock(mutex_);
  Entry& entry = entry_of(path, facts);
  bytes_ += content->size() - size_of(entry.content);
  entry.content = std::move(content);
  shrink();
}

// The entry for a file with these facts, as the latest used; without content if there was another.
FileCache::Entry& FileCache::entry_of(std::string_view path, const FileFacts& facts) {
  auto found = by_path_.find(path);
  if (found == by_path_.end()) {
    entries_.push_front({std::string(path), facts, nullptr});
    by_path_.emplace(entries_.front().path, entries_.begin());
    shrink();
    return entries_.front();
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  Entry& entry = entries_.front();
  if (entry.facts != facts) {
    bytes_ -= size_of(entry.content);
    entry.content = nullptr;
    entry.facts = facts;
  }
  return entry;
}

void FileCache::shrink() {
  while (entries_.size() > 1 && (bytes_ > bytes_max || entries_.size() > entries_max)) {
    bytes_ -= size_of(entries_.back().content);
    by_path_.erase(entries_.back().path);
    entries_.pop_back();
  }
}

}  // namespace duet::http
