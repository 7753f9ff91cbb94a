#pragma once
// Takes the chunked coding off a body (RFC 9112 §7.1): no I/O, no allocation, no clock, no throw.
//
//   for (std::string_view rest = input;;) {
//     ChunkResult part = decoder.next(rest);
//     rest.remove_prefix(part.consumed);
//     use(part.data);
//     if (part.state != ChunkResult::State::more || part.consumed == 0) break;
//   }
//
// One decoder serves one connection, on whichever thread that runs. It keeps no bytes and needs
// none again: what it consumed may be thrown away. Bytes split in any way give the same data and
// the same end. It is strict like RequestParser: CR and LF exactly, no white space around a size.
// Extensions are checked and have no effect. Trailers are checked by the rules of a head's fields
// and dropped, so that none of them can pass for a field of the head.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "duet/http/message_parser.hpp"

namespace duet::http {

struct ChunkLimits {
  std::size_t line_bytes_max = 256;        // a size with its extensions; beyond: 400
  std::size_t extension_bytes_max = 4096;  // of all extensions of a body; beyond: 400
  std::size_t trailer_bytes_max = 8192;    // of all trailers, line ends included; beyond: 431
  std::size_t trailer_fields_max = 32;     // beyond: 431
};

struct ChunkResult {
  enum class State : unsigned char { more, end, rejected };

  State state = State::more;
  std::size_t consumed = 0;  // bytes at the front of the input that are done with
  std::string_view data;     // the part of them that is the body's; often empty
  Rejection rejection;       // if rejected
};

class ChunkDecoder {
 public:
  explicit ChunkDecoder(const ChunkLimits& limits = {}) noexcept : limits_(limits) {}

  // `input` begins with the first byte that was not consumed. Stops behind a run of data, else
  // consumes all up to the body's end. Once at the end or rejected, it consumes nothing until
  // `reset`.
  ChunkResult next(std::string_view input) noexcept;

  // Ready for the next body.
  void reset() noexcept;

 private:
  enum class State : unsigned char {
    size,
    size_lf,
    extension_begin,
    extension_name,
    extension_value_begin,
    extension_value,
    extension_quoted,
    extension_escaped,
    extension_end,
    data,
    data_cr,
    data_lf,
    trailer_begin,
    trailer_name,
    trailer_value,
    trailer_lf,
    last_lf,
    end,
    rejected,
  };

  bool has_ended() const noexcept { return state_ >= State::end; }

  void take(char c) noexcept;
  void take_of_line(char c) noexcept;
  void take_of_size(char c) noexcept;
  void take_of_extension(char c) noexcept;
  void take_of_trailer(char c) noexcept;
  void end_extension(char c) noexcept;
  void begin_trailer(char c) noexcept;
  void take_lf(char c, State next) noexcept;
  void reject(int status, std::string_view reason) noexcept;

  ChunkLimits limits_;
  State state_ = State::size;
  std::uint64_t size_ = 0;      // of the chunk, then what is missing of its data
  std::size_t line_bytes_ = 0;  // of this chunk's line; while in size: how many digits
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_fields_ = 0;
  Rejection rejection_;
};

}  // namespace duet::http
