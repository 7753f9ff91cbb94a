#pragma once
// Media types by file extension, from a table built in. Text is declared to be UTF-8.

#include <string_view>

namespace duet::http {

// The value for Content-Type, a literal. `path` may be a whole path or a name; its extension is
// compared in any case of letters. "application/octet-stream" for an unknown extension or none.
std::string_view mime_type(std::string_view path) noexcept;

}  // namespace duet::http
