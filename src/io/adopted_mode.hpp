#pragma once
// The blocking mode that an engine gives a descriptor while it has it. The mode belongs to the open
// file description, which another process may share, so release puts the former one back.

#include "duet/io/handle.hpp"
#include "sys/socket.hpp"

namespace duet::io {

class AdoptedMode {
 public:
  void set(int descriptor, sys::Mode mode) noexcept {
    std::int64_t before = sys::set_mode(descriptor, mode);
    is_changed_ = before >= 0 && before != static_cast<std::int64_t>(mode);
    before_ = is_changed_ ? static_cast<sys::Mode>(before) : mode;
  }

  void restore(int descriptor) const noexcept {
    if (is_changed_) sys::set_mode(descriptor, before_);
  }

 private:
  bool is_changed_ : 1 = false;
  sys::Mode before_ : 1 = sys::Mode::blocking;
};

// Whether the mode makes a difference, and is ours to set: a file's makes none.
constexpr bool has_mode_of_engine(HandleKind kind) noexcept {
  return kind != HandleKind::file && kind != HandleKind::watched;
}

// Stream sockets can be called in either mode, call by call.
constexpr bool is_stream(HandleKind kind) noexcept {
  return kind == HandleKind::tcp || kind == HandleKind::local_stream;
}

}  // namespace duet::io
