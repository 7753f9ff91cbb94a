#include "conformance/http_rows.hpp"

namespace duet::test {
namespace {

const std::string plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string about = "GET /about HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
const std::string chunked =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n";

std::string expecting(const std::string& target, const std::string& fields,
                      const std::string& body = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

std::vector<HttpRow> expectation_rows() {
  const std::string waits = "Expect: 100-continue\r\n";
  const std::string five = "Content-Length: 5\r\n";
  return {
      {"a client that waits is invited once", expecting("/stream", waits + five, "hello"),
       "100 200 kept", "hello"},
      {"an invitation is asked for in any case of letters",
       expecting("/stream", "expect: 100-Continue\r\n" + five, "hello"), "100 200 kept", "hello"},
      {"a client that waits and is not read from is not invited",
       expecting("/leave", waits + five, plain), "200 closed", "left"},
      {"a chunked body that is not invited is no request",
       expecting("/leave", waits + "Transfer-Encoding: chunked\r\n", plain), "200 closed", "left"},
      {"a client that waits to send too much is refused and its body is no request",
       expecting("/", waits + "Content-Length: 2000000\r\n", plain), "413 closed"},
      {"a client that waits without a body is not invited", expecting("/", waits), "200 kept"},
      {"a length of zero needs no invitation", expecting("/", waits + "Content-Length: 0\r\n"),
       "200 kept"},
      {"an unknown expectation fails and its body is no request",
       expecting("/", "Expect: 200-ok\r\n" + five, "GET /"), "417 closed"},
      {"an unknown expectation among known ones fails",
       expecting("/", "Expect: 100-continue, x\r\n" + five, "hello"), "417 closed"},
      {"version 1.0 is not invited",
       "POST /stream HTTP/1.0\r\nConnection: keep-alive\r\n" + waits + five + "\r\nhello",
       "200 kept", "hello"},
  };
}

std::string repeated(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

std::vector<HttpRow> http_sequence_rows() {
  std::vector<HttpRow> rows = expectation_rows();
  std::vector<HttpRow> several = {
      {"nothing is answered by nothing", "", "kept"},
      {"two requests are answered in order", about + plain, "200 200 kept", "GET a /about \nOK"},
      {"bodies and requests without one follow each other", post + plain + chunked + about + post,
       "200 200 200 200 200 kept", "helloOKworldGET a /about \nhello"},
      {"the answer to HEAD is followed by the next", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + plain,
       "head 200 kept", "OK"},
      {"an empty line between requests is skipped", plain + "\r\n" + plain, "200 200 kept"},
      {"what follows a request that closes is not answered",
       "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + plain, "200 closed"},
      {"a valid request is answered before an invalid one",
       plain + "GET / HTTP/1.1\r\n\r\n" + plain, "200 400 closed"},
      {"a hundred valid requests are answered before an invalid one",
       repeated(100, plain) + "G(T / HTTP/1.1\r\n\r\n", repeated(100, "200 ") + "400 closed"},
      {"a body beyond its length is the next request",
       "POST / HTTP/1.1\r\nHost: a\r\n"
       "Content-Length: 0\r\n\r\n{hello}" +
           plain,
       "200 400 closed"},
      {"a body without a length is the next request",
       "POST / HTTP/1.1\r\nHost: a\r\n\r\n{hello}" + plain, "200 400 closed"},
      {"a body that is cut off by the end is not answered",
       "POST / HTTP/1.1\r\nHost: a\r\n"
       "Content-Length: 1000\r\n\r\nhello",
       "closed"},
      {"two thousand requests are answered in order", repeated(1000, plain + about),
       repeated(2000, "200 ") + "kept", repeated(1000, "OKGET a /about \n")},
      {"two hundred bodies are answered in order", repeated(100, post + chunked),
       repeated(200, "200 ") + "kept", repeated(100, "helloworld")},
  };
  rows.insert(rows.end(), several.begin(), several.end());
  return rows;
}

}  // namespace duet::test
