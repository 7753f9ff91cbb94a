#pragma once
// The body of a message that comes in, read piece by piece, however it is framed. The peer is read
// from only when the reader is: a handler that waits makes the sender wait. It belongs to one
// message of one connection, and to the task that handles that.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "duet/http/chunk_decoder.hpp"
#include "duet/http/request_head.hpp"
#include "duet/net/writer.hpp"

namespace duet::http {

class Input;

struct BodyLimits {
  std::uint64_t bytes_max = UINT64_MAX;
  // The peer may keep us waiting for `patience`, and longer as it sends: each rate_min bytes win it
  // a second. 0: for `patience` each time.
  std::uint64_t rate_min = 0;
  Delay patience = Duration::max();
};

class BodyReader {
 public:
  // `input` has what came after the head; `answers` is flushed before waiting for the peer.
  BodyReader(Stream& peer, Input& input, Writer& answers, BodyLimits limits) noexcept
      : peer_(peer), input_(input), answers_(answers), limits_(limits) {}
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  // Completes when bytes of the body have come: 1 to buffer.size(), or 0 at its end. Throws
  // http::Error when the peer breaks a rule, IoError when the connection is lost.
  Task<std::size_t> read_some(std::span<std::byte> buffer);

  // All of the rest. Throws http::Error(413) when that is more than `bytes_max`.
  Task<std::string> read_all(std::size_t bytes_max = 1024 * 1024);

  // How many bytes the body has, if the head says so.
  std::optional<std::uint64_t> length() const noexcept;

  // Nothing is left to be read.
  bool is_at_end() const noexcept { return is_at_end_; }

  // For the connection: what framing the head announced, and how it went.
  void expect(Framing framing, std::uint64_t length) noexcept;
  void invite_first() noexcept { must_invite_ = true; }  // the peer waits for 100 Continue
  bool has_invited() const noexcept { return !must_invite_; }
  Task<> invite();  // done before the first wait, if not earlier
  bool has_failed() const noexcept { return has_failed_; }  // what follows has no meaning
  bool is_lost() const noexcept { return is_lost_; }        // the peer is gone

  // Reads the rest and throws it away, but no more than `bytes_max`; whether the end was reached.
  Task<bool> discard(std::uint64_t bytes_max);

 private:
  std::size_t take(std::span<std::byte> buffer);
  std::size_t take_plain(std::span<std::byte> buffer) noexcept;
  std::size_t take_chunked(std::span<std::byte> buffer);
  void count(std::size_t bytes);
  Task<std::size_t> wait_for_peer(std::span<std::byte> room);
  Duration time_left() const noexcept;
  [[noreturn]] void fail(int status, const std::string& reason);

  Stream& peer_;
  Input& input_;
  Writer& answers_;
  const BodyLimits limits_;
  Framing framing_ = Framing::none;
  bool ends_with_connection_ = false;
  bool is_at_end_ = true;
  bool must_invite_ = false;
  bool has_failed_ = false;
  bool is_lost_ = false;
  std::uint64_t length_ = 0;
  std::uint64_t received_ = 0;  // of the body itself
  Duration waited_{};
  ChunkDecoder chunks_;
};

}  // namespace duet::http
