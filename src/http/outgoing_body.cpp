#include "duet/http/outgoing_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace duet::http {

Task<> BodyWriter::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) co_return;  // as a chunk it would be the last
  count(bytes.size());
  if (framing_ == Framing::chunked) {
    std::array<char, 18> line;
    char* end = std::to_chars(line.data(), line.data() + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    std::string_view text(line.data(), end);
    co_await writer_.write(bytes_of(text));
  }
  co_await writer_.write(bytes);
  if (framing_ == Framing::chunked) co_await writer_.write(bytes_of("\r\n"));
}

std::span<std::byte> BodyWriter::room() {
  if (framing_ != Framing::length)
    throw std::logic_error("room() of a body whose length was not given");
  std::span<std::byte> room = writer_.room();
  return room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), left_)));
}

void BodyWriter::commit(std::size_t bytes) noexcept {
  writer_.commit(bytes);
  left_ -= bytes;
  written_ += bytes;
}

Task<bool> BodyWriter::finish() {
  if (framing_ == Framing::chunked) co_await writer_.write(bytes_of("0\r\n\r\n"));
  co_return framing_ != Framing::length || left_ == 0;
}

void BodyWriter::count(std::size_t bytes) {
  if (framing_ == Framing::length) {
    if (bytes > left_) throw std::length_error("a body that is longer than was promised");
    left_ -= bytes;
  }
  written_ += bytes;
}

Task<> OutgoingBody::send(Writer& writer, Framing framing, std::uint64_t& sent) {
  if (!has_stream()) {
    co_await writer.write(bytes_of(memory()));
    sent += memory().size();
    co_return;
  }
  BodyWriter out(writer, framing, stream_length_.value_or(0), sent);
  Task<> streaming = stream_(out);
  co_await std::move(streaming);
  Task<bool> finishing = out.finish();
  bool is_whole = co_await std::move(finishing);
  if (!is_whole) throw std::length_error("a body that is shorter than was promised");
}

}  // namespace duet::http
