// Counts durations in nanoseconds with a relative error below 1/64, in constant memory and without
// allocation: 64 equal buckets for each power of two, as in HdrHistogram. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace duet::bench {

class LatencyHistogram {
 public:
  void record(std::uint64_t nanoseconds) {
    ++counts_[index_of(std::min(nanoseconds, value_max))];
    ++total_;
    max_ = std::max(max_, nanoseconds);
  }

  void reset() { *this = {}; }

  std::uint64_t total() const { return total_; }
  std::uint64_t max() const { return max_; }

  // The duration that the given part (0 to 1) of all samples does not exceed; 0 without samples.
  std::uint64_t quantile(double part) const {
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_end_of(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned bits = 6;
  static constexpr std::uint64_t value_max = (std::uint64_t{1} << 40) - 1;  // 18 minutes

  // Values below 128 have a bucket each; above, the leading 7 bits and the exponent name it.
  static std::size_t index_of(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - int{bits} - 1);
    return (static_cast<std::size_t>(shift) << bits) + (value >> shift);
  }

  static std::uint64_t upper_end_of(std::size_t index) {
    if (index < 2U << bits) return index;
    const std::size_t shift = (index >> bits) - 1;
    const std::uint64_t leading = index - (shift << bits);
    return ((leading + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (40 - bits + 1) << bits> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace duet::bench
