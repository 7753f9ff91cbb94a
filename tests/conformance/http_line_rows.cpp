#include "conformance/http_rows.hpp"

using namespace std::string_literals;

namespace duet::test {
namespace {

// A request with that first line.
HttpRow line(std::string name, const std::string& text, std::string expected,
             std::string body = "") {
  return {std::move(name), text + "\r\nHost: a\r\n\r\n", std::move(expected), std::move(body)};
}

HttpRow target(std::string name, const std::string& text, std::string expected,
               std::string body = "") {
  return line(std::move(name), "GET " + text + " HTTP/1.1", std::move(expected), std::move(body));
}

HttpRow version(std::string name, const std::string& text, std::string expected) {
  return line(std::move(name), "GET / " + text, std::move(expected));
}

}  // namespace

std::vector<HttpRow> http_line_rows() {
  const std::string bad = "400 closed";
  return {
      line("a plain request is answered", "GET / HTTP/1.1", "200 kept", "OK"),
      line("the answer to HEAD has no body", "HEAD / HTTP/1.1", "head kept"),
      {"a line that ends in bare LF is refused", "GET / HTTP/1.1\nHost: a\r\n\r\n", bad},
      {"lines that all end in bare LF are refused", "GET / HTTP/1.1\nHost: a\n\n", bad},
      {"a field that ends in bare LF is refused", "GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n", bad},
      {"a head that ends in bare LF is refused", "GET / HTTP/1.1\r\nHost: a\r\n\n", bad},
      {"a line that ends in bare CR is refused", "GET / HTTP/1.1\rHost: a\r\n\r\n", bad},
      line("a CR in the target is refused", "GET /a\rb HTTP/1.1", bad),
      line("two CRs before LF are refused", "GET / HTTP/1.1\r", bad),
      target("a NUL in the target is refused", "/a\0b"s, bad),
      line("several spaces before the target are refused", "GET  / HTTP/1.1", bad),
      line("several spaces before the version are refused", "GET /  HTTP/1.1", bad),
      line("a tab in the request line is refused", "GET\t/ HTTP/1.1", bad),
      line("a space before the method is refused", " GET / HTTP/1.1", bad),
      line("a space after the version is refused", "GET / HTTP/1.1 ", bad),
      line("a line without a version is refused", "GET /", bad),
      line("a line without a target is refused", "GET HTTP/1.1", bad),

      line("HEAD of another version is refused without a body", "HEAD / HTTP/2.0", "head closed"),
      line("HEAD of a bad target is refused without a body", "HEAD /a#b HTTP/1.1", "head closed"),
      line("HEAD without a version is refused without a body", "HEAD /", "head closed"),
      {"HEAD of an endless target is refused without a body", "HEAD /" + std::string(9000, 'a'),
       "head closed"},
      line("a route is found", "GET /only HTTP/1.1", "200 kept", "left"),
      line("an unknown method is the handler's affair", "BREW / HTTP/1.1", "200 kept"),
      line("an unknown method of a known path is not allowed", "BREW /only HTTP/1.1", "405 kept"),
      line("a method is told from its lower case", "get /only HTTP/1.1", "405 kept"),
      line("a method that is no token is refused", "G(T / HTTP/1.1", bad),
      line("an empty method is refused", " / HTTP/1.1", bad),
      line("TRACE is not offered", "TRACE / HTTP/1.1", "501 kept"),
      line("a tunnel is not offered", "CONNECT b:443 HTTP/1.1", "501 closed"),
      line("CONNECT with a path is refused", "CONNECT / HTTP/1.1", bad),

      target("an absolute target overrides Host", "http://b.example:81/about?c", "200 kept",
             "GET b.example:81 /about c\n"),
      target("an absolute target may have no path", "http://b", "200 kept", "GET b  \n"),
      target("an absolute target of another scheme is refused", "ftp://b/", bad),
      target("an absolute target with user information is refused", "http://u@b/", bad),
      {"an absolute target does not replace Host", "GET http://b/ HTTP/1.1\r\n\r\n", bad},
      target("an authority is no target of GET", "a:80", bad),
      target("an asterisk is no target of GET", "*", bad),
      line("an asterisk is a target of OPTIONS", "OPTIONS * HTTP/1.1", "200 kept", "OPTIONS a  \n"),
      target("a relative target is refused", "about", bad),
      target("a fragment is refused", "/#a", bad),
      target("UTF-8 in the target is refused", "/\xc3\xa4", bad),
      target("overlong UTF-8 in the target is refused", "/\xc0\xae", bad),
      target("a control character in the target is refused", "/\x01", bad),
      target("an encoded target is left to the handler", "/about/..%2f?%zz", "200 kept", "OK"),

      version("version 1.0 is closed after the answer", "HTTP/1.0", "200 closed"),
      version("version 1.2 is treated as 1.1", "HTTP/1.2", "200 kept"),
      version("version 2.0 is not supported", "HTTP/2.0", "505 closed"),
      version("version 9.9 is not supported", "HTTP/9.9", "505 closed"),
      version("version 1.10 is not supported", "HTTP/1.10", "505 closed"),
      version("a version beyond 32 bits is not 1.1", "HTTP/4294967297.1", "505 closed"),
      version("a version in lower case is refused", "http/1.1", bad),
      version("a version with a sign is refused", "HTTP/1.+1", bad),
      version("another protocol is refused", "ICY/1.1", bad),
      {"the preface of HTTP/2 is not supported", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 closed"},
      {"a request of HTTP/0.9 is refused", "GET /\r\n", bad},

      {"one empty line before a request is skipped", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "200 kept"},
      {"two empty lines before a request are skipped", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
       "200 kept"},
      {"three empty lines before a request are refused",
       "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
      {"an empty line of bare LF is refused", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bad},
      {"a TLS hello is refused", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, bad},
      {"garbage is refused", "\x80\xff\xfe\r\n\r\n", bad},
      {"NULs are refused", std::string(16, '\0'), bad},
      {"a body without a head is refused", "{\"a\": 1}", bad},
      {"a method without an end is refused", std::string(100, 'M'), bad},
      {"a request line without an end is refused", "GET /" + std::string(9000, 'a'), "414 closed"},
      {"a request within the head of another is refused", "GET / HTTP/1.1\r\nHost: a\r\nA: ", bad},
  };
}

}  // namespace duet::test
