#include "duet/net/writer.hpp"

#include <algorithm>

namespace duet {

// The time for a flush is also the time for this much of what is sent without being copied.
constexpr std::size_t piece_bytes_max = 256 * 1024;

Task<> Writer::write(std::span<const std::byte> bytes) {
  for (;;) {
    std::size_t part = std::min(bytes.size(), room().size());
    std::ranges::copy(bytes.first(part), room().begin());
    commit(part);
    bytes = bytes.subspan(part);
    if (bytes.empty()) co_return;
    co_await flush();
    while (bytes.size() >= size_bytes_) {
      std::span<const std::byte> piece = bytes.first(std::min(bytes.size(), piece_bytes_max));
      co_await stream_.write_all(piece).within(flush_time_);
      bytes = bytes.subspan(piece.size());
    }
  }
}

}  // namespace duet
