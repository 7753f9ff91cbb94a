#pragma once
// The files below a folder, as a handler:
//
//   http::serve(runtime, "127.0.0.1:8080", http::StaticFiles(Directory("site")));
//
// Behind a router's {name...} the path is what that stands for, below a prefix of any length;
// behind other patterns, and without a router, it is the whole path of the request:
//
//   router.get("/files/{path...}", http::StaticFiles(Directory("site")));  // /files/a is site/a
//
// GET and HEAD, conditional requests, ranges; index.html for a folder, which is redirected to its
// name with a slash. Where name.br or name.gz lies beside a file and is not older, a client that
// takes it gets that. Nothing outside of the folder is ever opened, whatever links lead there, and
// names that begin with a dot are not found. Small files that are asked for often are sent from
// memory, never an old version. Copies share the folder and that memory; any thread.

#include "duet/fs/file.hpp"
#include "duet/http/mime.hpp"
#include "duet/http/request.hpp"
#include "duet/http/response.hpp"

namespace duet::http {

class FileCache;

struct StaticFilesOptions {
  MimeTypes types;             // by the name; MimeTypes::read() adds the system's table
  bool lists_folders = false;  // without an index.html: a page of what is there, else 404
};

class StaticFiles {
 public:
  explicit StaticFiles(Directory root, StaticFilesOptions options = {});

  Task<Response> operator()(Request request) const;

 private:
  Task<Response> answer_folder(Request request, std::string path) const;

  Directory root_;
  StaticFilesOptions options_;
  std::shared_ptr<FileCache> cache_;
};

}  // namespace duet::http
