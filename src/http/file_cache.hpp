#pragma once
// The contents of small files that are asked for again and again, so that they are sent from memory
// (a mapping of a file that somebody may cut would be a trap). A file is opened and looked at for
// each request all the same: contents are used only while identity, size and times are those that
// were read, and a file that changed in the last moments is not taken, because the clock of file
// systems is coarse. Any thread.

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "duet/sys/file_facts.hpp"

namespace duet::http {

class FileCache {
 public:
  using Content = std::shared_ptr<const std::string>;

  static constexpr std::size_t file_bytes_max = 1024 * 1024;
  static constexpr std::size_t bytes_max = 64 * 1024 * 1024;

  enum class Advice : unsigned char { leave, read };
  struct Found {
    Content content;                // if it is there
    Advice advice = Advice::leave;  // else: whether to read the file and `keep` it
  };

  // Advises to read what is asked for the second time.
  Found find(std::string_view path, const FileFacts& facts, std::int64_t now_ns);

  // `facts` are those from before and after reading.
  void keep(std::string_view path, const FileFacts& facts, Content content);

 private:
  struct Entry {
    std::string path;
    FileFacts facts;
    Content content;  // nothing yet: it has been asked for once
  };
  using Entries = std::list<Entry>;  // the latest used first

  Entry& entry_of(std::string_view path, const FileFacts& facts);
  void shrink();

  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_path_;
  std::size_t bytes_ = 0;
};

}  // namespace duet::http
