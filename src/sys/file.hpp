#pragma once
// Files: thin wrappers that return a result or a negated errno.

#include <linux/openat2.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "duet/sys/file_facts.hpp"
#include "sys/fd.hpp"

namespace duet::sys {

enum class Wait : bool { none, allowed };

// How a file is opened below a directory and nowhere else. Lives as long as the program.
const open_how& open_how_beneath(FileAccess access, Caching caching) noexcept;

// The kernel answers EAGAIN where a ".." is followed while anything at all is renamed or mounted,
// since it cannot tell whether the way has led out (openat2(2), RESOLVE_BENEATH), and where a lease
// on the file must be broken first (open(2)): so often it is tried.
inline constexpr int open_attempts_max = 64;

// Opens below `directory`. With Wait::none: EAGAIN when a name or inode is not cached, or the file
// is to be created; else EBUSY after `open_attempts_max`. A temporary file that the file system
// cannot make without a name gets one and loses it again.
std::int64_t open_beneath(int directory, const char* path, FileAccess access, Caching caching,
                          Wait wait) noexcept;

// What a directory below `directory` contains, in no order and at most `entries_max`, without "."
// and "..". Returns the number of entries.
std::int64_t list_beneath(int directory, const char* path, std::size_t entries_max,
                          std::vector<FolderEntry>& entries);

// With Wait::none: EAGAIN when the page cache does not have the bytes.
std::int64_t read_at(int file, std::span<std::byte> buffer, std::uint64_t offset_bytes,
                     Wait wait) noexcept;

std::int64_t write_at(int file, std::span<const std::byte> bytes,
                      std::uint64_t offset_bytes) noexcept;

// At the end of the file, wherever that is by then (RWF_APPEND, pwritev2(2)).
std::int64_t append(int file, std::span<const std::byte> bytes) noexcept;

std::int64_t change_file(int file, FileChange change, std::uint64_t size_bytes) noexcept;

std::int64_t stat(int file, FileFacts& facts) noexcept;

// Whether close(2) would free the blocks of a large file: nobody else could give them a name again.
bool takes_long_to_close(int file) noexcept;

// Of direct access to a file, as far as the system tells; else what suits every usual disk.
Alignment direct_alignment(int file) noexcept;

std::int64_t open_directory(const char* path) noexcept;

}  // namespace duet::sys
