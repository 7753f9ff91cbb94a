#include "duet/base/log.hpp"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace duet {
namespace {

std::string written_by(Log& log, std::string_view text) {
  ::testing::internal::CaptureStderr();
  log.warning("{}", text);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, writes_one_line_with_its_level) {
  Log log;
  EXPECT_EQ(written_by(log, "low on memory"), "duet: warning: low on memory\n");
}

TEST(Log, escapes_what_would_break_or_colour_a_line) {
  Log log;
  EXPECT_EQ(written_by(log, "a\nb\x1b[31mc\x7f"), "duet: warning: a\\x0ab\\x1b[31mc\\x7f\n");
}

TEST(Log, is_silent_below_its_level) {
  Log log(Log::Level::error);
  EXPECT_EQ(written_by(log, "low on memory"), "");
}

TEST(Log, has_a_name_for_each_level) {
  EXPECT_EQ(Log::parse_level("debug"), Log::Level::debug);
  EXPECT_EQ(Log::parse_level("info"), Log::Level::info);
  EXPECT_EQ(Log::parse_level("warning"), Log::Level::warning);
  EXPECT_EQ(Log::parse_level("error"), Log::Level::error);
  EXPECT_EQ(Log::parse_level("off"), Log::Level::off);
}

TEST(Log, lists_the_levels_when_a_name_is_none_of_them) {
  for (std::string_view name : {"", "Info", "warn", "infos"}) {
    try {
      Log::parse_level(name);
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(error.what(), fmt::format("'{}' is no log level; there are debug, info, warning, "
                                          "error and off",
                                          name));
    }
  }
}

}  // namespace
}  // namespace duet
