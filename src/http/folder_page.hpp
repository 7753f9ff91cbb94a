#pragma once
// A page of what a folder contains.

#include <string_view>
#include <vector>

#include "duet/http/response.hpp"
#include "duet/sys/file_facts.hpp"

namespace duet::http {

// More entries than this are not listed, and the page says so.
inline constexpr std::size_t listed_max = 10000;

// `path` is relative to the root, empty for itself. Folders first, in the order of their names.
Response folder_page(std::string_view path, std::vector<FolderEntry> entries, bool is_cut);

}  // namespace duet::http
