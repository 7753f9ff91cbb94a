#pragma once
// The fields that every answer of a connection has, Server and Date, ready for the wire; formatted
// anew when the second has changed.

#include <array>
#include <string_view>

#include "duet/loop/loop.hpp"

namespace duet::http {

class StandingLines {
 public:
  std::string_view text(Loop& loop) noexcept {
    if (loop.now() >= good_until_) format(loop);
    return {text_.data(), text_.size()};
  }

 private:
  static constexpr std::string_view before_date = "Server: duet\r\nDate: ";

  void format(Loop& loop) noexcept;

  TimePoint good_until_ = past;
  std::array<char, before_date.size() + 29 + 2> text_{};
};

}  // namespace duet::http
