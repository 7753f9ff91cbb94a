#pragma once
// Names below a directory, and folders. A path, or a link in it, that leads outside of the
// directory is refused (EXDEV, openat2(2)), and one with a NUL byte, where the kernel would cut it
// short, as well (EINVAL). The last name itself is not followed: a link is
// renamed or removed, not what it leads to.
//
// Each completes when the change is made; it reaches the disk for certain when the folder is synced
// (open it as a File, and sync). Each acts wholly or not at all, and no cancellation or deadline
// comes in between. They block no loop that others share. Each throws IoError.

#include <string>
#include <vector>

#include "duet/fs/file.hpp"

namespace duet {

// What a folder below `directory` contains ("." for itself), in no order, at most `entries_max`.
Task<std::vector<FolderEntry>> list_folder(Directory directory, std::string path,
                                           std::size_t entries_max);

// One folder; those above it have to be there. Its permissions are 0777 without the umask's.
Task<> make_folder(Directory directory, std::string path);

// An empty one.
Task<> remove_folder(Directory directory, std::string path);

// A file, a link, anything but a folder. Who has the file open keeps it.
Task<> remove_file(Directory directory, std::string path);

// In place of what had the name `to`, if anything. Folders, too. In the same file system.
Task<> rename_path(Directory from_directory, std::string from, Directory to_directory,
                   std::string to);

// As stat(2): of what a link leads to.
Task<FileFacts> facts_of(Directory directory, std::string path);

// Copies a file under a new name, in place of what had it, when all of it is there; cancelled
// before, it leaves nothing. Holes stay holes. The copy has the permissions of the source, whatever
// the umask, so that what was private stays private, and a program a program; its owner, group and
// times are a new file's. Fails where the file system cannot keep permissions (fchmod(2)). Gives
// the number of bytes.
Task<std::uint64_t> copy_file(Directory from_directory, std::string from, Directory to_directory,
                              std::string to);

}  // namespace duet
