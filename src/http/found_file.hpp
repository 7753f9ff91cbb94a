#pragma once
// A file that a request names, opened, with what its answer's head says about it.

#include <string>
#include <string_view>
#include <system_error>

#include "duet/fs/file.hpp"
#include "duet/http/error.hpp"
#include "duet/http/preconditions.hpp"
#include "duet/http/request_head.hpp"
#include "duet/http/static_files.hpp"
#include "http/file_cache.hpp"

namespace duet::http {

struct FoundFile {
  File file;
  FileFacts facts;
  std::string_view content_type;
  std::string_view encoding;         // empty, "br" or "gzip"
  bool depends_on_encoding = false;  // another client may get another variant
  FileCache::Content content;        // all of it, if it is kept
};

// Opens what `path` names, or the compressed variant beside it that the client takes: of several
// the one that its Accept-Encoding gives more weight. Throws http::Error.
Task<FoundFile> find_file(const StaticFilesOptions& options, Directory root, FileCache& cache,
                          std::string path, const RequestHead& request);

// What opening a file or a folder failed with, to the client.
Error error_for(std::error_code error);

// A strong tag, changed by every write that changes the size or comes a moment after the last.
std::string entity_tag_of(const FoundFile& found);

std::chrono::sys_seconds modified_at(const FoundFile& found) noexcept;

}  // namespace duet::http
