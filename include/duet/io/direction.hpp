#pragma once
// The two sides of a descriptor that can be waited for.

#include <cstdint>

namespace duet::io {

enum class Direction : std::uint8_t { read, write };

}  // namespace duet::io
