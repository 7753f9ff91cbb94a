#include "duet/io/line_writer.hpp"

#include <gtest/gtest.h>

#include "duet/base/error.hpp"

namespace duet::io {
namespace {

TEST(LineWriter, refuses_a_path_with_a_nul_byte) {
  try {
    LineWriter lines(std::string("/dev/null\0.log", 14), std::make_shared<Log>());
    ADD_FAILURE() << "opened";
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "open /dev/null\\0.log: Invalid argument");
  }
}

}  // namespace
}  // namespace duet::io
