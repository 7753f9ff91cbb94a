#pragma once
// The bytes of a connection as a server reads them: heads, bodies as the heads frame them, one
// request after another, until one is refused or says that it is the last. What each came to is
// kept, for tests and for fuzzing, where pieces of any size have to come to the same.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "duet/http/chunk_decoder.hpp"
#include "duet/http/request_parser.hpp"

namespace duet::http {

struct SeenRequest {
  std::string method;
  std::string target;
  unsigned version_minor = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  bool keep_alive = false;
  Framing framing = Framing::none;
  std::string body;
  bool has_ended = false;  // the body is whole

  friend bool operator==(const SeenRequest&, const SeenRequest&) = default;
};

class RequestStream {
 public:
  enum class State : unsigned char { head, sized_body, chunked_body, closed, refused };

  explicit RequestStream(const Limits& head_limits = {}, const ChunkLimits& chunk_limits = {})
      : parser_(head_limits), chunks_(chunk_limits) {}

  // Every piece is looked at in a copy of exactly its size with what was left before it, so that a
  // sanitizer sees a look beyond.
  void feed(std::string_view piece);

  const std::vector<SeenRequest>& requests() const noexcept { return requests_; }
  State state() const noexcept { return state_; }
  Rejection rejection() const noexcept { return rejection_; }

  friend bool operator==(const RequestStream& a, const RequestStream& b) noexcept;

 private:
  std::size_t take(std::string_view window);
  std::size_t take_head(std::string_view window);
  std::size_t take_sized(std::string_view window);
  std::size_t take_chunked(std::string_view window);
  void begin_body();
  void end_request();
  void refuse(Rejection rejection);

  RequestParser parser_;
  ChunkDecoder chunks_;
  State state_ = State::head;
  std::string held_;           // of an incomplete head
  std::uint64_t missing_ = 0;  // of a sized body
  Rejection rejection_;
  std::vector<SeenRequest> requests_;
};

}  // namespace duet::http
