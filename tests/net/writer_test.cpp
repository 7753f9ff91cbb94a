#include "duet/net/writer.hpp"

#include <array>
#include <string>

#include "net/net_fixture.hpp"

namespace duet {
namespace {

using test::StreamPair;

class WriterTest : public test::NetTest {
 protected:
  static Task<std::string> read_to_end(Stream& stream) {
    std::string all;
    std::array<char, 1000> block;
    for (;;) {
      std::size_t count = co_await stream.read_some(std::as_writable_bytes(std::span<char>(block)));
      if (count == 0) co_return all;
      all.append(block.data(), count);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(engines, WriterTest, ::testing::ValuesIn(test::every_engine),
                         test::engine_name);

TEST_P(WriterTest, sends_nothing_before_it_is_flushed) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    Writer writer(pair.ours);
    co_await writer.write(bytes_of("collected"));
    EXPECT_FALSE(writer.is_empty());
    std::array<std::byte, 16> buffer;
    auto early =
        co_await as_expected(pair.peer.read_some(buffer).within(std::chrono::milliseconds(2)));
    EXPECT_EQ(early.error(), Errc::timed_out);
    co_await writer.flush();
    EXPECT_TRUE(writer.is_empty());
    std::size_t count = co_await pair.peer.read_some(buffer);
    EXPECT_EQ(count, 9U);
  });
}

TEST_P(WriterTest, sends_what_does_not_fit_on_the_way) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    Writer writer(pair.ours, 10);
    std::string text;
    for (int i = 0; i < 500; ++i) text += static_cast<char>('a' + i % 26);
    for (std::size_t at = 0; at < text.size(); at += 7) {
      std::string part = text.substr(at, 7);
      co_await writer.write(bytes_of(part));
    }
    co_await writer.flush();
    pair.ours.finish();
    std::string received = co_await read_to_end(pair.peer);
    EXPECT_EQ(received, text);
  });
}

TEST_P(WriterTest, flushing_nothing_completes) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    Writer writer(pair.ours);
    std::size_t count = co_await writer.flush();
    EXPECT_EQ(count, 0U);
  });
}

TEST_P(WriterTest, takes_bytes_that_were_put_in_its_room) {
  run_with_pair([](StreamPair& pair) -> Task<> {
    Writer writer(pair.ours, 8);
    EXPECT_EQ(writer.room().size(), 8U);
    writer.room()[0] = std::byte{'x'};
    writer.commit(1);
    EXPECT_EQ(writer.room().size(), 7U);
    co_await writer.flush();
    pair.ours.finish();
    std::string received = co_await read_to_end(pair.peer);
    EXPECT_EQ(received, "x");
  });
}

}  // namespace
}  // namespace duet
