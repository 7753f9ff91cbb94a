#pragma once
// Media types by file extension: a table built in, and the system's, which knows more. Text is
// declared to be UTF-8. An extension is compared in any case of letters.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace duet::http {

// The value for Content-Type, a literal, from the table built in. `path` may be a whole path or a
// name. "application/octet-stream" for an unknown extension or none.
std::string_view mime_type(std::string_view path) noexcept;

// A table in the format of mime.types(5) over the one that is built in. To be made once, before
// anything is served: reading it blocks, and allocates. It does not change afterwards; copies share
// it, and any thread may ask any of them.
class MimeTypes {
 public:
  static constexpr std::size_t table_bytes_max = 1024 * 1024;
  static constexpr std::size_t extension_bytes_max = 32;

  // The table built in, alone.
  MimeTypes() = default;

  // "text/html  html htm" and the like, line by line, '#' begins a comment. Malformed lines are
  // skipped, and what is beyond `table_bytes_max`. Of two lines for an extension the last counts.
  explicit MimeTypes(std::string_view text);

  // The file of that name, by default the system's; without it the table built in, alone.
  static MimeTypes read(const std::string& file = "/etc/mime.types");

  // As mime_type. The view is good as long as this or a copy lives.
  std::string_view type_of(std::string_view path) const noexcept;

 private:
  using Table = std::map<std::string, std::string, std::less<>>;  // from extension to type

  std::shared_ptr<const Table> table_;  // null: none
};

}  // namespace duet::http
