// Theory of operation.
//
// A machine that looks at each byte once, except for data, which is passed on in runs. Nothing is
// kept but counts, so where the input was split cannot matter.
//
//   state                  a byte                       next
//   ---------------------  ---------------------------  -----------------------------------------
//   size                   1 to 16 hexadecimal digits   size
//   extension_begin        token character              extension_name
//   extension_name         token character              extension_name
//                          =                            extension_value_begin
//   extension_value_begin  token character              extension_value
//                          "                            extension_quoted
//   extension_value        token character              extension_value
//   extension_quoted       text                         extension_quoted
//                          \                            extension_escaped, then any text
//                          "                            extension_end
//   size, extension_name, extension_value, extension_end
//                          ;                            extension_begin
//                          CR                           size_lf
//   size_lf                LF                           data, or trailer_begin after size 0
//   data                   as many bytes as said        data_cr
//   data_cr, data_lf       CR, LF                       size
//   trailer_begin          token character              trailer_name
//                          CR                           last_lf
//   trailer_name           token character              trailer_name
//                          :                            trailer_value
//   trailer_value          text                         trailer_value
//                          CR                           trailer_lf
//   trailer_lf             LF                           trailer_begin
//   last_lf                LF                           end
//   any                    anything else                rejected
//   end, rejected                                       stay until reset
//
// RFC 9112 would have a reader overlook white space around an extension. No honest sender writes
// it, and who overlooks it differently reads another body, so it is refused.

#include "duet/http/chunk_decoder.hpp"

#include <algorithm>
#include <limits>

#include "http/characters.hpp"
#include "http/fields.hpp"

namespace duet::http {
namespace {

constexpr std::size_t size_digits_max = 16;
constexpr std::uint64_t size_max = std::numeric_limits<std::int64_t>::max();

}  // namespace

void ChunkDecoder::reset() noexcept { *this = ChunkDecoder(limits_); }

ChunkResult ChunkDecoder::next(std::string_view input) noexcept {
  ChunkResult result;
  while (result.consumed < input.size() && state_ != State::data && !has_ended())
    take(input[result.consumed++]);
  if (state_ == State::data) {
    result.data = input.substr(result.consumed, static_cast<std::size_t>(std::min<std::uint64_t>(
                                                    size_, input.size() - result.consumed)));
    result.consumed += result.data.size();
    size_ -= result.data.size();
    if (size_ == 0) state_ = State::data_cr;
  }
  if (state_ == State::end) result.state = ChunkResult::State::end;
  if (state_ == State::rejected) return {ChunkResult::State::rejected, 0, {}, rejection_};
  return result;
}

void ChunkDecoder::take(char c) noexcept {
  switch (state_) {
    case State::size_lf: take_lf(c, size_ == 0 ? State::trailer_begin : State::data); break;
    case State::data_cr:
      state_ = State::data_lf;
      if (c != '\r') reject(400, "chunk is longer than its size");
      break;
    case State::data_lf:
      line_bytes_ = 0;
      take_lf(c, State::size);
      break;
    case State::trailer_begin:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
    case State::last_lf: take_of_trailer(c); break;
    default: take_of_line(c); break;
  }
}

void ChunkDecoder::take_of_line(char c) noexcept {
  if (c != '\r' && line_bytes_ == limits_.line_bytes_max)
    return reject(400, "chunk line is too long");
  if (state_ == State::size)
    take_of_size(c);
  else
    take_of_extension(c);
  ++line_bytes_;
}

void ChunkDecoder::take_of_size(char c) noexcept {
  if (is_hex(c)) {
    if (line_bytes_ == size_digits_max || size_ > size_max >> 4)
      return reject(400, "chunk size is too large");
    size_ = size_ * 16 + static_cast<std::uint64_t>(hex_value(c));
    return;
  }
  if (line_bytes_ == 0 || (c != ';' && c != '\r')) return reject(400, "malformed chunk size");
  end_extension(c);
}

void ChunkDecoder::take_of_extension(char c) noexcept {
  if (c != '\r' && extension_bytes_++ == limits_.extension_bytes_max)
    return reject(400, "too many chunk extensions");
  bool is_text = !is_control(c);
  switch (state_) {
    case State::extension_begin:
      state_ = State::extension_name;
      if (!is_token(c)) reject(400, "chunk extension without a name");
      break;
    case State::extension_name:
      if (c == '=')
        state_ = State::extension_value_begin;
      else if (!is_token(c))
        end_extension(c);
      break;
    case State::extension_value_begin:
      state_ = c == '"' ? State::extension_quoted : State::extension_value;
      if (c != '"' && !is_token(c)) reject(400, "chunk extension without a value");
      break;
    case State::extension_value:
      if (!is_token(c)) end_extension(c);
      break;
    case State::extension_quoted:
      if (c == '"') state_ = State::extension_end;
      if (c == '\\') state_ = State::extension_escaped;
      if (!is_text) reject(400, "control character in a chunk extension");
      break;
    case State::extension_escaped:
      state_ = State::extension_quoted;
      if (!is_text) reject(400, "control character in a chunk extension");
      break;
    default: end_extension(c); break;
  }
}

// What may stand behind a size or a whole extension.
void ChunkDecoder::end_extension(char c) noexcept {
  if (c == ';')
    state_ = State::extension_begin;
  else if (c == '\r')
    state_ = State::size_lf;
  else
    reject(400, "malformed chunk extension");
}

void ChunkDecoder::take_of_trailer(char c) noexcept {
  if (trailer_bytes_++ == limits_.trailer_bytes_max) return reject(431, "trailers are too long");
  switch (state_) {
    case State::trailer_begin: begin_trailer(c); break;
    case State::trailer_name:
      if (c == ':')
        state_ = State::trailer_value;
      else if (!is_token(c))
        reject(400, bad_field_name(1, c).reason);
      break;
    case State::trailer_value:
      if (c == '\r')
        state_ = State::trailer_lf;
      else if (is_control(c))
        reject(400, c == '\n' ? "LF without CR" : "control character in a trailer");
      break;
    case State::trailer_lf: take_lf(c, State::trailer_begin); break;
    default: take_lf(c, State::end); break;
  }
}

void ChunkDecoder::begin_trailer(char c) noexcept {
  if (c == '\r') {
    state_ = State::last_lf;
  } else if (!is_token(c)) {
    reject(400, bad_field_name(0, c).reason);
  } else if (trailer_fields_++ == limits_.trailer_fields_max) {
    reject(431, "too many trailers");
  } else {
    state_ = State::trailer_name;
  }
}

void ChunkDecoder::take_lf(char c, State next) noexcept {
  state_ = next;
  if (c != '\n') reject(400, "CR without LF");
}

void ChunkDecoder::reject(int status, std::string_view reason) noexcept {
  rejection_ = {status, reason};
  state_ = State::rejected;
}

}  // namespace duet::http
