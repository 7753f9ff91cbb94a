#pragma once
// An object whose memory is written over at its end: whoever still uses it then falls over it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace duet::test {

template <class T>
class Overwritten {
 public:
  template <class... Arguments>
  explicit Overwritten(Arguments&&... arguments)
      : object_(std::construct_at(reinterpret_cast<T*>(bytes_.data()),
                                  std::forward<Arguments>(arguments)...)) {}
  Overwritten(const Overwritten&) = delete;
  Overwritten& operator=(const Overwritten&) = delete;

  T& get() { return *object_; }

  // Once, and before the end of its life.
  void end() {
    std::destroy_at(object_);
    bytes_.fill(over);
  }

  // Whether nobody has written there since the end.
  bool is_untouched() const {
    return std::ranges::all_of(bytes_, [](std::byte byte) { return byte == over; });
  }

 private:
  static constexpr std::byte over{0x5a};
  alignas(T) std::array<std::byte, sizeof(T)> bytes_;
  T* object_;
};

}  // namespace duet::test
