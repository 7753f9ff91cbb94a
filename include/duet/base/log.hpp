#pragma once
// One line per event to a descriptor, standard error by default. A line is written by a single
// call, so that lines of several threads and processes do not mix. What would break, colour or turn
// around a terminal's line is escaped, and the backslash: what a peer sends may be logged. Any
// thread.

#include <string_view>

#include <fmt/format.h>

namespace duet {

class Log {
 public:
  enum class Level : unsigned char { debug, info, warning, error, off };

  // The level of that name, "debug", "info", "warning", "error" or "off". Throws
  // std::invalid_argument, which lists the names, for any other.
  static Level parse_level(std::string_view name);

  explicit Log(Level level = Level::info) noexcept : level_(level) {}
  virtual ~Log() = default;

  template <class... A>
  void info(fmt::format_string<A...> format, A&&... arguments) {
    if (level_ <= Level::info)
      write(Level::info, fmt::format(format, std::forward<A>(arguments)...));
  }
  template <class... A>
  void warning(fmt::format_string<A...> format, A&&... arguments) {
    if (level_ <= Level::warning)
      write(Level::warning, fmt::format(format, std::forward<A>(arguments)...));
  }
  template <class... A>
  void error(fmt::format_string<A...> format, A&&... arguments) {
    if (level_ <= Level::error)
      write(Level::error, fmt::format(format, std::forward<A>(arguments)...));
  }

 protected:
  virtual void write(Level level, std::string_view text);

 private:
  const Level level_;
};

}  // namespace duet
