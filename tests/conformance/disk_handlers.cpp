#include "conformance/disk_handlers.hpp"

#include <array>

namespace duet::test {

Task<> answer_on_disk(Stream peer, Directory folder, DiskBody body) {
  std::string text;
  try {
    std::string result = co_await body(folder);
    text = std::move(result);
  } catch (const std::exception& error) {
    text = std::string("failed: ") + error.what();
  }
  co_await peer.write_all(bytes_of(text));
}

Task<std::string> content_of(Directory folder, std::string name) {
  File file = co_await File::open(folder, name);
  std::string content;
  std::array<char, 32 * 1024> buffer;
  for (;;) {
    std::size_t n =
        co_await file.read_at(std::as_writable_bytes(std::span(buffer)), content.size());
    if (n == 0) co_return content;
    content.append(buffer.data(), n);
  }
}

}  // namespace duet::test
