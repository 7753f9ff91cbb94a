#include "duet/fs/path.hpp"

namespace duet {
namespace {

IoError::Subject capture_path(const void* path) {
  return [copy = *static_cast<const std::string*>(path)] { return copy; };
}

Task<> change_path(PathChange what, Directory directory, std::string path) {
  Wait<io::ChangePath> changing(io::ChangePath(what, directory.descriptor(), path), capture_path,
                                &path);
  co_await std::move(changing);
}

// Where a new file has to lie to be given this name.
std::string folder_of(const std::string& path) {
  std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

Task<std::vector<FolderEntry>> list_folder(Directory directory, std::string path,
                                           std::size_t entries_max) {
  Wait<io::ListFolder> listing(io::ListFolder(directory.descriptor(), path, entries_max),
                               capture_path, &path);
  std::vector<FolderEntry> entries = co_await std::move(listing);
  co_return entries;
}

Task<> make_folder(Directory directory, std::string path) {
  return change_path(PathChange::make_folder, std::move(directory), std::move(path));
}

Task<> remove_folder(Directory directory, std::string path) {
  return change_path(PathChange::remove_folder, std::move(directory), std::move(path));
}

Task<> remove_file(Directory directory, std::string path) {
  return change_path(PathChange::remove, std::move(directory), std::move(path));
}

Task<> rename_path(Directory from_directory, std::string from, Directory to_directory,
                   std::string to) {
  std::string both = from + " to " + to;
  Wait<io::ChangePath> renaming(
      io::ChangePath(from_directory.descriptor(), from, to_directory.descriptor(), to),
      capture_path, &both);
  co_await std::move(renaming);
}

Task<FileFacts> facts_of(Directory directory, std::string path) {
  File file = co_await File::open(std::move(directory), std::move(path), FileAccess::look);
  co_return file.facts();
}

Task<std::uint64_t> copy_file(Directory from_directory, std::string from, Directory to_directory,
                              std::string to) {
  File source = co_await File::open(from_directory, from);
  File copy = co_await File::temporary(to_directory, folder_of(to));
  std::uint64_t size = co_await copy.copy_all(source, true);
  co_await copy.keep_as(to_directory, to);
  co_return size;
}

}  // namespace duet
