// What the parts of the HTTP codec cost by themselves, without a connection.

#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "duet/http/chunk_decoder.hpp"
#include "duet/http/request_parser.hpp"
#include "duet/http/response_parser.hpp"

namespace duet::http {
namespace {

constexpr std::string_view smallest_request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

constexpr std::string_view browser_request =
    "GET /wiki/Main_Page?action=view HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: none\r\n"
    "Priority: u=0, i\r\n\r\n";

void parse_requests(benchmark::State& state, std::string_view bytes) {
  RequestParser parser;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes);
    ParseResult result = parser.parse(bytes);
    benchmark::DoNotOptimize(result);
    parser.reset();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK_CAPTURE(parse_requests, smallest, smallest_request);
BENCHMARK_CAPTURE(parse_requests, browser, browser_request);

void parse_responses(benchmark::State& state) {
  std::string_view bytes =
      "HTTP/1.1 200 OK\r\n"
      "Server: duet\r\n"
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: 12\r\n\r\n";
  ResponseParser parser;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes);
    ParseResult result = parser.parse(bytes);
    benchmark::DoNotOptimize(result);
    parser.reset(Method::get);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK(parse_responses);

void decode_chunks(benchmark::State& state) {
  const auto chunk_bytes = static_cast<std::size_t>(state.range(0));
  std::string body;
  for (int i = 0; i < 64; ++i)
    body += fmt::format("{:x}\r\n{}\r\n", chunk_bytes, std::string(chunk_bytes, 'x'));
  body += "0\r\n\r\n";
  ChunkDecoder decoder;
  for (auto _ : state) {
    decoder.reset();
    std::string_view rest = body;
    for (;;) {
      ChunkResult part = decoder.next(rest);
      benchmark::DoNotOptimize(part.data);
      rest.remove_prefix(part.consumed);
      if (part.state != ChunkResult::State::more) break;
    }
  }
  state.SetItemsProcessed(state.iterations() * 64);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

BENCHMARK(decode_chunks)->Arg(1)->Arg(64)->Arg(4096);

}  // namespace
}  // namespace duet::http
