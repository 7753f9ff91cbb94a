#include "conformance/http_rows.hpp"

using namespace std::string_literals;

namespace duet::test {
namespace {

HttpRow chunks(std::string name, const std::string& coded, std::string expected,
               std::string body = "") {
  return {std::move(name),
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + coded,
          std::move(expected), std::move(body)};
}

HttpRow size(std::string name, const std::string& text, std::string expected,
             std::string body = "") {
  return chunks(std::move(name), text + "\r\nhello\r\n0\r\n\r\n", std::move(expected),
                std::move(body));
}

HttpRow trailer(std::string name, const std::string& text, std::string expected,
                std::string body = "") {
  return {
      std::move(name),
      "POST /about HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n" +
          text + "\r\n\r\n",
      std::move(expected), std::move(body)};
}

std::string repeated(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

std::vector<HttpRow> http_chunk_rows() {
  const std::string bad = "400 closed";
  const std::string fine = "200 kept";
  return {
      chunks("chunks are put together", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", fine,
             "hello world"),
      chunks("a last chunk alone is an empty body", "0\r\n\r\n", fine),
      chunks("many small chunks are put together", repeated(500, "1\r\na\r\n") + "000\r\n\r\n",
             fine, std::string(500, 'a')),
      size("a size may have leading zeros", "0005", fine, "hello"),
      size("an empty size is refused", "", bad),
      size("a positive sign in a size is refused", "+5", bad),
      size("a negative size is refused", "-5", bad),
      size("a prefix of a size is refused", "0x5", bad),
      size("an underscore in a size is refused", "0_5", bad),
      size("a space before a size is refused", " 5", bad),
      size("a space after a size is refused", "5 ", bad),
      size("a size of 17 digits is refused", "00000000000000005", bad),
      size("a size of 2 to the 64 is refused", "10000000000000000", bad),
      size("a size that is no number is refused", "five", bad),
      chunks("a size that ends in bare LF is refused", "5\nhello\r\n0\r\n\r\n", bad),
      chunks("a size that ends in CR and another byte is refused", "5\rxhello\r\n0\r\n\r\n", bad),
      chunks("data that ends in bare LF is refused", "5\r\nhello\n0\r\n\r\n", bad),
      chunks("data that ends in CR and another byte is refused", "5\r\nhello\rx0\r\n\r\n", bad),
      chunks("a last chunk that ends in bare LF is refused", "5\r\nhello\r\n0\n\r\n", bad),
      chunks("data longer than its size is refused", "4\r\nhello\r\n0\r\n\r\n", bad),
      chunks("data shorter than its size is refused", "6\r\nhello\r\n0\r\n\r\n", bad),
      chunks("a body without its last line end swallows no request", "5\r\nhello\r\n0\r\n", bad),
      chunks("a body with half of its last line end swallows no byte", "5\r\nhello\r\n0\r\n\r",
             bad),

      size("an extension has no effect", "5;a=b;c=\"d;e\\\"\";f", fine, "hello"),
      size("a bare semicolon is refused", "5;", bad),
      size("an extension without a name is refused", "5;=b", bad),
      size("an extension without a value is refused", "5;a=", bad),
      size("a control character in an extension is refused", "5;a=\x01", bad),
      size("a NUL in a quoted extension is refused", "5;a=\"\0\""s, bad),
      size("a bare LF in a quoted extension is refused", "5;a=\"\n\"", bad),
      size("a bare CR in a quoted extension is refused", "5;a=\"\r\"", bad),
      size("an extension of 64 KiB is refused", "5;a=" + std::string(65536, 'b'), bad),
      chunks("extensions of 64 KiB in all are refused",
             repeated(512, "1;" + std::string(126, 'b') + "\r\na\r\n") + "0\r\n\r\n", bad),

      trailer("trailers are dropped", "A: b\r\nC: d", fine, "POST a /about \n"),
      trailer("a length among the trailers has no effect", "Content-Length: 1000", fine),
      trailer("a coding among the trailers has no effect", "Transfer-Encoding: chunked", fine),
      trailer("a host among the trailers has no effect", "Host: evil", fine, "POST a /about \n"),
      trailer("Connection among the trailers has no effect", "Connection: close", fine),
      trailer("authorization among the trailers has no effect", "Authorization: x", fine),
      chunks("a trailer without a colon is refused", "0\r\nA\r\n\r\n", bad),
      chunks("a folded trailer is refused", "0\r\nA: b\r\n c\r\n\r\n", bad),
      chunks("a trailer with a space before its colon is refused", "0\r\nA : b\r\n\r\n", bad),
      chunks("a trailer with a NUL is refused", "0\r\nA: \0\r\n\r\n"s, bad),
      chunks("a trailer that ends in bare LF is refused", "0\r\nA: b\n\r\n", bad),
      chunks("trailers of 64 KiB are refused",
             "0\r\n" + repeated(16, "A: " + std::string(4096, 'b') + "\r\n") + "\r\n",
             "431 closed"),
      chunks("trailers in hundreds are refused", "0\r\n" + repeated(200, "A: b\r\n") + "\r\n",
             "431 closed"),
      chunks("chunks beyond the limit are refused",
             repeated(17, "10000\r\n" + std::string(65536, 'a') + "\r\n") + "0\r\n\r\n",
             "413 closed"),
  };
}

}  // namespace duet::test
