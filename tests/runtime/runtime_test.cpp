// What a Runtime says to whoever started the program.

#include "duet/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include "support/remembering_log.hpp"

namespace duet {
namespace {

Task<> close_at_once(Stream) { co_return; }

std::vector<std::string> said_by_server(const Options& options, const std::string& address) {
  auto log = std::make_shared<test::RememberingLog>();
  Runtime runtime(options, log);
  runtime.serve(address, close_at_once);
  runtime.stop();
  runtime.run();
  return log->lines();
}

TEST(Runtime, that_listens_elsewhere_than_it_was_told_to_says_so) {
  Options options;
  options.listen = "127.0.0.1:1";
  const std::vector<std::string> lines = said_by_server(options, "127.0.0.1:0");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("--listen 127.0.0.1:1 is not used")) << lines[0];
  options.listen = "127.0.0.1:0";
  EXPECT_TRUE(said_by_server(options, options.listen_or("127.0.0.1:7000")).empty());
}

}  // namespace
}  // namespace duet
