#pragma once
// A folder of a test on a disk, removed with all that is in it at the end.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace duet::test {

class DiskFolder {
 public:
  DiskFolder();
  DiskFolder(const DiskFolder&) = delete;
  DiskFolder& operator=(const DiskFolder&) = delete;
  ~DiskFolder();

  const std::string& path() const noexcept { return path_; }
  std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }

  void write(std::string_view name, std::string_view text) const;
  std::string read(std::string_view name) const;

  // In alphabetical order.
  std::vector<std::string> names() const;

  // How much of the disk a file takes.
  std::uint64_t allocated_bytes(std::string_view name) const;

  std::filesystem::perms permissions(std::string_view name) const {
    return std::filesystem::status(path_of(name)).permissions();
  }

  // Takes a file out of the page cache; false where the file system keeps it (tmpfs).
  bool chill(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace duet::test
