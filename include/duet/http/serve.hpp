#pragma once
// HTTP/1.1 on a connection: reads requests, answers each with a file of a folder. A handler for
// Runtime::serve:
//
//   runtime.serve("127.0.0.1:8080", http::serve_connection, http::StaticFiles(Directory("site")));
//
// GET and HEAD; keep-alive and pipelining, with answers collected while more requests are at hand;
// index.html for folders; 404, 405, 501, and 400 with a close for what breaks a rule of HTTP. A
// request with a body is answered and the connection closed.

#include <string>

#include "duet/fs/file.hpp"
#include "duet/http/codec.hpp"
#include "duet/net/writer.hpp"

namespace duet::http {

// What a connection is allowed.
struct ConnectionLimits {
  Limits head;
  Duration head_time = std::chrono::seconds(10);  // for a whole head, from its first byte
  Duration idle_time = std::chrono::seconds(60);  // between requests
  Duration send_time = std::chrono::seconds(30);  // for the peer to take a buffer's worth
};

// Whether the connection can go on after an answer.
enum class After : bool { keep, close };

// What one answer needs of its connection.
struct Exchange {
  const RequestHead& request;
  Writer& writer;
  Duration send_time;
  After after;  // as the answer's head says it
};

// Answers with the files below a folder, never with anything outside of it. Names that begin with a
// dot are not found. Copies share the folder.
class StaticFiles {
 public:
  explicit StaticFiles(Directory root) : root_(std::move(root)) {}

  // Puts the answer into the writer, flushing on the way. After::close when the connection must
  // not be used any more. Throws IoError when the peer is gone.
  Task<After> answer(Exchange exchange);

 private:
  Directory root_;
};

Task<> serve_connection(Stream peer, StaticFiles files);

// A short answer without a file: an error page, or with a `location` a redirect.
Task<After> answer_briefly(Exchange exchange, int status, std::string reason,
                           std::string location = {});

}  // namespace duet::http
