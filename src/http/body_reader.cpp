#include "duet/http/body_reader.hpp"

#include <algorithm>
#include <cstring>

#include "duet/http/error.hpp"
#include "http/input.hpp"

namespace duet::http {
namespace {

constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";

void copy(std::string_view from, std::span<std::byte> to) {
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

}  // namespace

void BodyReader::expect(Framing framing, std::uint64_t length) noexcept {
  framing_ = framing;
  length_ = length;
  is_at_end_ = framing != Framing::chunked && length == 0;
  if (framing != Framing::until_close) return;
  framing_ = Framing::length;
  length_ = UINT64_MAX;
  ends_with_connection_ = true;
  is_at_end_ = false;
}

std::optional<std::uint64_t> BodyReader::length() const noexcept {
  if (framing_ == Framing::chunked || ends_with_connection_) return std::nullopt;
  return length_;
}

Task<std::size_t> BodyReader::read_some(std::span<std::byte> buffer) {
  while (!is_at_end_ && !buffer.empty()) {
    std::size_t taken = take(buffer);
    if (taken > 0) co_return taken;
    if (is_at_end_) break;
    // A large piece of a plain body goes where it is wanted; all else by way of the input.
    std::span<std::byte> room = input_.room();
    bool is_direct = framing_ == Framing::length && buffer.size() >= room.size();
    if (is_direct) room = buffer.first(std::min<std::uint64_t>(buffer.size(), length_ - received_));
    Task<std::size_t> waiting = wait_for_peer(room);
    std::size_t n = co_await std::move(waiting);
    if (!is_direct) {
      input_.commit(n);
      continue;
    }
    count(n);
    co_return n;
  }
  co_return 0;
}

Task<std::string> BodyReader::read_all(std::size_t bytes_max) {
  constexpr std::size_t step = 16 * 1024;
  std::string whole;
  if (framing_ == Framing::length && !ends_with_connection_ && length_ - received_ > bytes_max)
    fail(413, "the body is too large");
  for (;;) {
    std::size_t had = whole.size();
    whole.resize(had + step);
    Task<std::size_t> reading = read_some(std::as_writable_bytes(std::span(whole)).subspan(had));
    std::size_t n = co_await std::move(reading);
    whole.resize(had + n);
    if (n == 0) co_return whole;
    if (whole.size() > bytes_max) fail(413, "the body is too large");
  }
}

Task<bool> BodyReader::discard(std::uint64_t bytes_max) {
  std::array<std::byte, 4096> unwanted;
  for (std::uint64_t total = 0; !is_at_end_ && total <= bytes_max;) {
    Task<std::size_t> reading = read_some(unwanted);
    std::size_t n = co_await std::move(reading);
    total += n;
  }
  co_return is_at_end_;
}

// What is at hand.
std::size_t BodyReader::take(std::span<std::byte> buffer) {
  return framing_ == Framing::chunked ? take_chunked(buffer) : take_plain(buffer);
}

std::size_t BodyReader::take_plain(std::span<std::byte> buffer) noexcept {
  std::string_view at_hand = input_.body().substr(0, buffer.size());
  if (at_hand.size() > length_ - received_) at_hand = at_hand.substr(0, length_ - received_);
  copy(at_hand, buffer);
  input_.take(at_hand.size());
  received_ += at_hand.size();
  is_at_end_ = received_ == length_;
  return at_hand.size();
}

std::size_t BodyReader::take_chunked(std::span<std::byte> buffer) {
  for (;;) {
    ChunkResult result = chunks_.next(input_.body().substr(0, buffer.size()));
    if (result.state == ChunkResult::State::rejected)
      fail(result.rejection.status, std::string(result.rejection.reason));
    copy(result.data, buffer);
    input_.take(result.consumed);
    is_at_end_ = result.state == ChunkResult::State::end;
    count(result.data.size());
    if (is_at_end_ || !result.data.empty() || result.consumed == 0) return result.data.size();
  }
}

void BodyReader::count(std::size_t bytes) {
  received_ += bytes;
  if (framing_ == Framing::length && received_ == length_) is_at_end_ = true;
  if (received_ > limits_.bytes_max) fail(413, "the body is too large");
}

Task<> BodyReader::invite() {
  if (std::exchange(must_invite_, false)) co_await answers_.write(bytes_of(invitation));
}

// Returns 0 only where the end of the connection is the end of the body.
Task<std::size_t> BodyReader::wait_for_peer(std::span<std::byte> room) {
  Task<> inviting = invite();
  co_await std::move(inviting);
  std::error_code lost;
  if (!answers_.is_empty()) {
    auto sent = co_await as_expected(answers_.flush());
    if (!sent) lost = sent.error();
  }
  std::size_t received = 0;
  if (!lost) {
    Loop& loop = Loop::current();
    TimePoint begun = loop.now();
    auto n = co_await as_expected(peer_.read_some(room).within(time_left()));
    waited_ += loop.now() - begun;
    if (n) received = *n;
    if (n && received == 0) lost = Errc::end_of_stream;
    if (!n) lost = n.error();
  }
  if (lost == Errc::end_of_stream && ends_with_connection_) {
    is_at_end_ = true;
    co_return 0;
  }
  if (lost == Errc::timed_out) fail(408, "the body comes too slowly");
  if (lost) {
    has_failed_ = is_lost_ = true;
    throw IoError(lost, "receive a body from", [peer = peer_.peer()] { return peer.text(); });
  }
  co_return received;
}

Duration BodyReader::time_left() const noexcept {
  const Duration patience = limits_.patience;
  if (limits_.rate_min == 0 || patience == Duration::max()) return patience;
  using Seconds = std::chrono::duration<double>;
  Seconds won(static_cast<double>(received_) / static_cast<double>(limits_.rate_min));
  constexpr Seconds most = std::chrono::hours(24);
  Duration left = patience - waited_;
  auto more = std::chrono::duration_cast<Duration>(std::min(won, most));
  if (left > Duration::max() - more) return Duration::max();
  return std::max(left + more, Duration(0));
}

void BodyReader::fail(int status, const std::string& reason) {
  has_failed_ = true;
  throw Error(status, reason);
}

}  // namespace duet::http
