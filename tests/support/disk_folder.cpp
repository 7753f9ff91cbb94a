#include "support/disk_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "sys/call.hpp"
#include "sys/fd.hpp"

namespace duet::test {

DiskFolder::DiskFolder() : path_(testing::TempDir() + "duet-disk-XXXXXX") {
  sys::checked(::mkdtemp(path_.data()) == nullptr ? -1 : 0, "mkdtemp");
}

DiskFolder::~DiskFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void DiskFolder::write(std::string_view name, std::string_view text) const {
  std::ofstream(path_of(name), std::ios::binary) << text;
}

std::string DiskFolder::read(std::string_view name) const {
  std::ifstream file(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> DiskFolder::names() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    found.push_back(entry.path().filename());
  std::ranges::sort(found);
  return found;
}

std::uint64_t DiskFolder::allocated_bytes(std::string_view name) const {
  struct stat facts{};
  EXPECT_EQ(::stat(path_of(name).c_str(), &facts), 0);
  return static_cast<std::uint64_t>(facts.st_blocks) * 512;
}

bool DiskFolder::chill(std::string_view name) const {
  sys::Fd file(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
  ::fsync(file.get());
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  char byte = 0;
  iovec part{&byte, 1};
  return ::preadv2(file.get(), &part, 1, 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
}

}  // namespace duet::test
