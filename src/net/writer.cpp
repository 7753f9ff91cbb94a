#include "duet/net/writer.hpp"

#include <algorithm>

namespace duet {

Task<> Writer::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (room().empty()) co_await flush();
    std::size_t part = std::min(bytes.size(), room().size());
    std::ranges::copy(bytes.first(part), room().begin());
    commit(part);
    bytes = bytes.subspan(part);
  }
}

}  // namespace duet
