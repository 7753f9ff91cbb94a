#pragma once
// Copying between files within the kernel. Each returns a result or a negated errno.

#include <cstddef>
#include <cstdint>

namespace duet::sys {

// Copies, at the same offset, what `from` has at and after `offset_bytes`: a hole, which costs
// nothing and stays one in a file that was empty, and then at most a piece of some MiB. Returns how
// far that is, and 0 at the end. Within the kernel, and possibly by sharing the
// blocks (copy_file_range(2)), or by reading and writing where the file systems cannot. -EINVAL at
// offset 0 if `to` is not empty.
std::int64_t copy_piece(int from, int to, std::uint64_t offset_bytes);

// Gives `to` what owner, group and others may do with `from`: not what makes a program run as its
// owner, who may be another one.
std::int64_t copy_permissions(int from, int to) noexcept;

}  // namespace duet::sys
