#include "http/request_stream.hpp"

#include <algorithm>
#include <memory>

namespace duet::http {

void RequestStream::feed(std::string_view piece) {
  held_ += piece;
  auto copy = std::make_unique<char[]>(held_.size());
  held_.copy(copy.get(), held_.size());
  std::string_view window(copy.get(), held_.size());
  while (std::size_t taken = take(window)) window.remove_prefix(taken);
  held_ = window;
}

// How many bytes are done with; 0 when more are needed or nothing more is read.
std::size_t RequestStream::take(std::string_view window) {
  switch (state_) {
    case State::head: return take_head(window);
    case State::sized_body: return take_sized(window);
    case State::chunked_body: return take_chunked(window);
    case State::closed:
    case State::refused: break;
  }
  return 0;
}

std::size_t RequestStream::take_head(std::string_view window) {
  ParseResult result = parser_.parse(window);
  if (result.state == ParseResult::State::rejected) refuse(result.rejection);
  if (result.state == ParseResult::State::complete) begin_body();
  return result.consumed;
}

void RequestStream::begin_body() {
  const RequestHead& head = parser_.head();
  SeenRequest& seen = requests_.emplace_back();
  seen.method = head.method_token();
  seen.target = head.target();
  seen.version_minor = head.version_minor();
  for (std::size_t i = 0; i < head.field_count(); ++i)
    seen.fields.emplace_back(head.field_at(i).name, head.field_at(i).value);
  seen.keep_alive = head.keep_alive();
  seen.framing = head.framing();
  missing_ = head.content_length();
  chunks_.reset();
  if (head.framing() == Framing::chunked)
    state_ = State::chunked_body;
  else if (missing_ > 0)
    state_ = State::sized_body;
  else
    end_request();
}

std::size_t RequestStream::take_sized(std::string_view window) {
  std::string_view part =
      window.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(missing_, window.size())));
  requests_.back().body += part;
  missing_ -= part.size();
  if (missing_ == 0) end_request();
  return part.size();
}

std::size_t RequestStream::take_chunked(std::string_view window) {
  ChunkResult result = chunks_.next(window);
  requests_.back().body += result.data;
  if (result.state == ChunkResult::State::rejected) refuse(result.rejection);
  if (result.state == ChunkResult::State::end) end_request();
  return result.consumed;
}

void RequestStream::end_request() {
  requests_.back().has_ended = true;
  state_ = requests_.back().keep_alive ? State::head : State::closed;
  parser_.reset();
}

void RequestStream::refuse(Rejection rejection) {
  rejection_ = rejection;
  state_ = State::refused;
}

bool operator==(const RequestStream& a, const RequestStream& b) noexcept {
  return a.requests_ == b.requests_ && a.state_ == b.state_ &&
         a.rejection_.status == b.rejection_.status && a.rejection_.reason == b.rejection_.reason;
}

}  // namespace duet::http
