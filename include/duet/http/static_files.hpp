#pragma once
// The files below a folder, as a handler:
//
//   http::serve(runtime, "127.0.0.1:8080", http::StaticFiles(Directory("site")));
//
// GET and HEAD; index.html for a folder, which is redirected to the name with a slash. Nothing
// outside of the folder is ever opened, whatever links lead there, and names that begin with a dot
// are not found. Copies share the folder; any thread.

#include "duet/fs/file.hpp"
#include "duet/http/request.hpp"
#include "duet/http/response.hpp"

namespace duet::http {

class StaticFiles {
 public:
  explicit StaticFiles(Directory root) : root_(std::move(root)) {}

  Task<Response> operator()(Request request) const;

 private:
  Directory root_;
};

}  // namespace duet::http
