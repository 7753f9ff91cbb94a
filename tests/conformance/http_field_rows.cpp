#include "conformance/http_rows.hpp"

using namespace std::string_literals;

namespace duet::test {
namespace {

HttpRow with(std::string name, const std::string& fields, std::string expected,
             std::string body = "") {
  return {std::move(name), "GET /fields HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n",
          std::move(expected), std::move(body)};
}

HttpRow host(std::string name, const std::string& value, std::string expected,
             std::string body = "") {
  return {std::move(name), "GET /about HTTP/1.1\r\nHost: " + value + "\r\n\r\n",
          std::move(expected), std::move(body)};
}

std::string repeated(int count, const std::string& line) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line;
  return text;
}

}  // namespace

std::vector<HttpRow> http_field_rows() {
  const std::string bad = "400 closed";
  const std::string fine = "200 kept";
  return {
      with("fields come to the handler as they were sent", "A-b:  c\t d ", fine,
           "Host: a\nA-b: c\t d\n"),
      with("a NUL in a name is refused", "A\0: b"s, bad),
      with("a NUL in a value is refused", "A: b\0"s, bad),
      with("a bell in a value is refused", "A: \x07", bad),
      with("a delete character in a value is refused", "A: \x7f", bad),
      with("an escape in a value is refused", "A: \x1b[1m", bad),
      with("a bare CR in a value is refused", "A: b\rc", bad),
      with("a value folded by a space is refused", "A: b\r\n c", bad),
      with("a value folded by a tab is refused", "A: b\r\n\tc", bad),
      with("a space before the colon is refused", "A : b", bad),
      with("a tab before the colon is refused", "A\t: b", bad),
      with("a line without a colon is refused", "A", bad),
      with("an empty name is refused", ": b", bad),
      with("a name that is no token is refused", "A(b): c", bad),
      with("a name of other bytes than ASCII is refused", "\xc3\x84: b", bad),
      with("a next-line character is no blank",
           "A: \x85"
           "b\x85",
           fine,
           "Host: a\nA: \x85"
           "b\x85\n"),
      with("a Latin-1 space is no blank",
           "A: \xa0"
           "b\xa0",
           fine,
           "Host: a\nA: \xa0"
           "b\xa0\n"),
      {"a space before the first field is refused", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", bad},

      {"version 1.1 without Host is refused", "GET / HTTP/1.1\r\nA: b\r\n\r\n", bad},
      {"version 1.1 without any field is refused", "GET / HTTP/1.1\r\n\r\n", bad},
      {"version 1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", "200 closed"},
      host("a host with a port is accepted", "b.example:8080", fine,
           "GET b.example:8080 /about \n"),
      host("an IPv6 host is accepted", "[::1]:80", fine, "GET [::1]:80 /about \n"),
      host("the same host twice is refused", "a\r\nHost: a", bad),
      host("two hosts are refused", "a\r\nHost: b", bad),
      host("an empty host is refused", "", bad),
      host("a comma in Host is refused", "a,b", bad),
      host("user information in Host is refused", "u@a", bad),
      host("a path in Host is refused", "a/b", bad),
      host("a space in Host is refused", "a b", bad),
      host("a port that is no number is refused", "a:8x", bad),
      host("a port beyond 65535 is refused", "a:65536", bad),

      with("Connection: close closes after the answer", "Connection: close", "200 closed"),
      with("close is found in a list in any case", "Connection: x , CLOSE", "200 closed"),
      with("close wins over keep-alive", "Connection: keep-alive\r\nConnection: close",
           "200 closed"),
      {"keep-alive keeps version 1.0",
       "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", fine},
      with("an upgrade to HTTP/2 is ignored",
           "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA", fine),
      with("an upgrade to another protocol is ignored",
           "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13", fine),
      with("a hundred fields are accepted", repeated(98, "A: b\r\n") + "A: b", fine),
      with("more than a hundred fields are refused", repeated(100, "A: b\r\n") + "A: b",
           "431 closed"),
      with("a field of 40 KiB is refused", "A: " + std::string(40 * 1024, 'b'), "431 closed"),
      with("fields of 40 KiB are refused",
           repeated(40, "A: " + std::string(1020, 'b') + "\r\n") + "A: b", "431 closed"),
      with("a thousand cookies in a field are accepted", "Cookie: " + repeated(1000, "a=1; "),
           fine),
  };
}

}  // namespace duet::test
