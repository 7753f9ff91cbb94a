#pragma once
// From the target of a request to a path below a folder. A pure function: no I/O, no allocation.
//
// Percent-encoding is undone once, and what comes out is judged, so that "%2e%2e" is "..", while
// "%252e" is the four characters "%2e" of a file name. The result has no empty segment, no "." and
// no "..": a ".." takes back the segment before it, and one that would leave the root is refused,
// as is an encoded slash, which no file name can hold. A backslash and bytes that are no UTF-8 are
// characters of a name like any other: Linux gives them no meaning. This is the first fence only;
// opening must still be confined to the folder, because of symbolic links.

#include <cstddef>
#include <expected>
#include <span>
#include <string_view>

#include "duet/http/message_parser.hpp"

namespace duet::http {

struct DecodedPath {
  std::string_view relative;        // "a/b.html"; empty for the root. A NUL follows it, for open(2)
  bool has_trailing_slash = false;  // the target named a folder: "/", "/a/", "/a/." or "/a/b/.."
};

// `target` is RequestHead::path_and_query; from the first '?' on it is ignored. The result lies in
// `buffer`, for which target.size() + 1 bytes are always enough: with less a long one gets 414.
// Else 400: for what does not begin with '/', for NUL, "%00" and "%2f", for '%' without two digits,
// for a ".." too many.
std::expected<DecodedPath, Rejection> decode_path(std::string_view target,
                                                  std::span<char> buffer) noexcept;

}  // namespace duet::http
