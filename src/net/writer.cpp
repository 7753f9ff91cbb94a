#include "duet/net/writer.hpp"

#include <algorithm>

namespace duet {

// The time for a flush is also the time for this much of what is sent without being copied.
constexpr std::size_t piece_bytes_max = 128 * 1024;

Task<> Writer::write(std::span<const std::byte> bytes) {
  while (bytes.size() > room().size()) {
    std::span<const std::byte> piece = bytes.first(std::min(bytes.size(), piece_bytes_max));
    std::span<const std::byte> collected = pass_on();
    passed_on_bytes_ += piece.size();
    co_await stream_.write_all(collected, piece).within(flush_time_);
    bytes = bytes.subspan(piece.size());
  }
  std::ranges::copy(bytes, room().begin());
  commit(bytes.size());
}

}  // namespace duet
