#include "conformance/http_rows.hpp"

namespace duet::test {
namespace {

HttpRow sized(std::string name, const std::string& length, const std::string& body,
              std::string expected, std::string echoed = "") {
  return {std::move(name),
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n" + body,
          std::move(expected), std::move(echoed)};
}

HttpRow coded(std::string name, const std::string& coding, std::string expected) {
  return {std::move(name),
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:" + coding +
              "\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
          std::move(expected)};
}

HttpRow post(std::string name, const std::string& fields, const std::string& body,
             std::string expected, std::string echoed = "") {
  return {std::move(name), "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body,
          std::move(expected), std::move(echoed)};
}

}  // namespace

std::vector<HttpRow> http_length_rows() {
  const std::string bad = "400 closed";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string five = "Content-Length: 5\r\n";
  return {
      sized("a body of some length is read", "5", "hello", "200 kept", "hello"),
      sized("a length of zero is no body", "0", "", "200 kept"),
      sized("a length with leading zeros is decimal", "010", "helloworld", "200 kept",
            "helloworld"),
      sized("an empty length is refused", "", "", bad),
      sized("a positive sign in a length is refused", "+5", "hello", bad),
      sized("a negative length is refused", "-5", "hello", bad),
      sized("a hexadecimal length is refused", "0x5", "hello", bad),
      sized("an underscore in a length is refused", "5_0", "hello", bad),
      sized("a space in a length is refused", "5 5", "hello", bad),
      sized("an exponent in a length is refused", "1e3", "hello", bad),
      sized("a length of 2 to the 63 is refused", "9223372036854775808", "hello", bad),
      sized("a length of 2 to the 64 is refused", "18446744073709551616", "hello", bad),
      sized("a length of 2 to the 64 and 5 is refused", "18446744073709551621", "hello", bad),
      sized("a list of equal lengths is refused", "5, 5", "hello", bad),
      sized("the same length twice is refused", "5\r\nContent-Length: 5", "hello", bad),
      sized("two lengths are refused", "5\r\nContent-Length: 6", "hello", bad),
      sized("a length beyond the limit is refused", "1048577", "", "413 closed"),
      {"a body of GET is read and dropped",
       "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /only HTTP/1.1\r\nHost:  ",
       "200 kept", "OK"},
      {"a chunked body of GET is read and dropped",
       "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       "200 kept", "OK"},
      {"a body that the handler leaves is read and dropped",
       "POST /leave HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "200 kept", "left"},
      {"a large body that the handler leaves ends the connection",
       "POST /leave HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" +
           std::string(70'000, 'a'),
       "200 closed", "left"},
      post("a length beside a coding is refused", five + chunked, "5\r\nhello\r\n0\r\n\r\n", bad),
      post("a coding beside a length is refused", chunked + five, "5\r\nhello\r\n0\r\n\r\n", bad),
      post("two fields of codings are refused", chunked + chunked, "0\r\n\r\n", bad),
      post("a length with an underscore is another field", "Content_Length: 5\r\n", "", "200 kept"),
      post("a coding with an underscore is another field", "Transfer_Encoding: chunked\r\n", "",
           "200 kept"),
      post("Connection removes no length", "Connection: Content-Length\r\n" + five, "hello",
           "200 kept", "hello"),
      post("Connection that closes removes no length",
           "Connection: close, Content-Length\r\n" + five, "hello", "200 closed", "hello"),
      post("Connection removes no coding", "Connection: Transfer-Encoding\r\n" + chunked,
           "5\r\nhello\r\n0\r\n\r\n", "200 kept", "hello"),
      {"a coding in version 1.0 is refused",
       "POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n" + chunked +
           "\r\n5\r\nhello\r\n0\r\n\r\n",
       bad},
      {"a body of version 1.0 has a length",
       "POST / HTTP/1.0\r\nConnection: keep-alive\r\n" + five + "\r\nhello", "200 kept", "hello"},

      coded("chunked may be written in any case", " Chunked", "200 kept"),
      coded("an unknown coding alone is refused", " xchunked", bad),
      coded("two spaces before chunked are refused", "  chunked", bad),
      coded("a vertical tab before chunked is refused",
            " \x0b"
            "chunked",
            bad),
      coded("a form feed after chunked is refused", " chunked\x0c", bad),
      coded("chunked in quotes is refused", " \"chunked\"", bad),
      coded("a comma before chunked is refused", " ,chunked", bad),
      coded("a comma after chunked is refused", " chunked,", bad),
      coded("identity after chunked is refused", " chunked, identity", bad),
      coded("chunked twice is refused", " chunked, chunked", bad),
      coded("identity alone is refused", " identity", bad),
      coded("an empty coding is refused", "", bad),
      coded("another coding under chunked is not supported", " gzip, chunked", "501 closed"),
  };
}

}  // namespace duet::test
