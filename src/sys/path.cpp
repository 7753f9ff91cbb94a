#include "sys/path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "sys/copy.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace duet::sys {
namespace {

// The folder that a path's last name is in, opened, and that name.
struct Place {
  Fd opened;
  int folder = -1;
  std::string name;
};

std::int64_t find_place(int directory, std::string_view path, Place& place) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::size_t slash = path.rfind('/');
  place.name = path.substr(slash == path.npos ? 0 : slash + 1);
  if (path.empty()) return -ENOENT;
  if (place.name.empty() || place.name == "." || place.name == "..") return -EINVAL;
  place.folder = directory;
  if (slash == path.npos) return 0;
  std::string before(path.substr(0, slash + 1));
  std::int64_t opened =
      open_beneath(directory, before.c_str(), FileAccess::look, Caching::buffered, Wait::allowed);
  if (opened < 0) return opened;
  place.opened = Fd(static_cast<int>(opened));
  place.folder = place.opened.get();
  return 0;
}

std::int64_t link(int file, int folder, const char* name) {
  // By descriptor alone (AT_EMPTY_PATH) it would take a capability on many kernels.
  std::string open_file = "/proc/self/fd/" + std::to_string(file);
  return retried(
      [&] { return ::linkat(AT_FDCWD, open_file.c_str(), folder, name, AT_SYMLINK_FOLLOW); });
}

std::int64_t copy_all(int from, int to) {
  std::int64_t n = copy_permissions(from, to);
  if (n < 0) return n;
  for (std::uint64_t at = 0;; at += static_cast<std::uint64_t>(n)) {
    n = copy_piece(from, to, at);
    if (n <= 0) return n;
  }
}

// The content under a new name, for a file that cannot be linked any more. Nobody else can open it
// before it has the file's own permissions.
std::int64_t copy_whole(int file, int folder, const char* name) {
  constexpr int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  std::int64_t made = retried([&] { return ::openat(folder, name, flags, S_IRUSR | S_IWUSR); });
  if (made < 0) return made;
  Fd copy(static_cast<int>(made));
  std::int64_t result = copy_all(file, copy.get());
  if (result < 0) ::unlinkat(folder, name, 0);
  return result;
}

}  // namespace

std::int64_t change_path(int directory, const char* path, PathChange change) {
  Place place;
  if (std::int64_t result = find_place(directory, path, place); result < 0) return result;
  const char* name = place.name.c_str();
  return retried([&] {
    switch (change) {
      case PathChange::make_folder: return ::mkdirat(place.folder, name, 0777);
      case PathChange::remove_folder: return ::unlinkat(place.folder, name, AT_REMOVEDIR);
      case PathChange::remove: return ::unlinkat(place.folder, name, 0);
      case PathChange::rename:
      case PathChange::name: break;
    }
    errno = EINVAL;
    return -1;
  });
}

std::int64_t rename_path(int from_directory, const char* from, int to_directory, const char* to) {
  Place old_place;
  Place new_place;
  if (std::int64_t result = find_place(from_directory, from, old_place); result < 0) return result;
  if (std::int64_t result = find_place(to_directory, to, new_place); result < 0) return result;
  return retried([&] {
    return ::renameat(old_place.folder, old_place.name.c_str(), new_place.folder,
                      new_place.name.c_str());
  });
}

std::int64_t name_file(int file, int directory, const char* path) {
  Place place;
  if (std::int64_t result = find_place(directory, path, place); result < 0) return result;
  const char* wanted = place.name.c_str();
  std::int64_t linked = link(file, place.folder, wanted);
  if (linked != -EEXIST && linked != -ENOENT) return linked;
  return with_unique_name([&](const char* name) {
    std::int64_t result =
        linked == -EEXIST ? link(file, place.folder, name) : copy_whole(file, place.folder, name);
    if (result < 0) return result;
    result = retried([&] { return ::renameat(place.folder, name, place.folder, wanted); });
    if (result < 0) ::unlinkat(place.folder, name, 0);
    return result;
  });
}

}  // namespace duet::sys
