// The head of a response: the same in any pieces, and what was understood, written anew and parsed
// again, is the same once more.

#include <cstdint>
#include <memory>
#include <string>

#include "cuts.hpp"
#include "duet/http/response_parser.hpp"

namespace duet::http {
namespace {

constexpr Limits limits = {.request_line_bytes_max = 256, .head_bytes_max = 1024, .fields_max = 16};

// All that a head says, as text.
std::string describe(const ParseResult& result, const ResponseParser& parser) {
  std::string text = std::to_string(static_cast<int>(result.state)) + " " +
                     std::to_string(result.consumed) + " " + std::string(result.rejection.reason);
  if (result.state == ParseResult::State::rejected && result.rejection.status != 502)
    fail("another status than 502");
  if (result.state != ParseResult::State::complete) return text;
  const ReceivedHead& head = parser.head();
  text += std::to_string(head.status()) + " " + std::string(head.reason()) + " 1." +
          std::to_string(head.version_minor()) + (head.keep_alive() ? " keep " : " close ") +
          std::to_string(static_cast<int>(head.framing())) + " " +
          std::to_string(head.content_length()) + "\n";
  for (std::size_t i = 0; i < head.field_count(); ++i)
    text += std::string(head.field_at(i).name) + ":" + std::string(head.field_at(i).value) + "\n";
  return text;
}

// Parses a copy of exactly the bytes.
ParseResult parse_copy(ResponseParser& parser, std::string_view bytes,
                       std::unique_ptr<char[]>& place) {
  auto copy = std::make_unique<char[]>(bytes.size());
  bytes.copy(copy.get(), bytes.size());
  ParseResult result = parser.parse({copy.get(), bytes.size()});
  place = std::move(copy);
  return result;
}

std::string written_anew(const ReceivedHead& head) {
  std::string text = "HTTP/1." + std::to_string(head.version_minor()) + " " +
                     std::to_string(head.status()) + " " + std::string(head.reason()) + "\r\n";
  for (std::size_t i = 0; i < head.field_count(); ++i)
    text +=
        std::string(head.field_at(i).name) + ": " + std::string(head.field_at(i).value) + "\r\n";
  return text + "\r\n";
}

void check_meaning(const ReceivedHead& head, Method request) {
  bool is_bodiless = head.status() < 200 || head.status() == 204 || head.status() == 304 ||
                     request == Method::head || (request == Method::connect && head.status() < 300);
  if (is_bodiless != (head.framing() == Framing::none)) fail("a body of the wrong kind");
  if (head.framing() == Framing::until_close && head.keep_alive()) fail("kept without an end");
  if (head.status() < 100 || head.status() > 999) fail("no status");
}

void check_written_anew(const ReceivedHead& head, Method request, const std::string& whole) {
  const std::string text = written_anew(head);
  if (text.size() > limits.head_bytes_max) return;  // a space was added to each field
  ResponseParser parser(request, limits);
  ParseResult result = parser.parse(text);
  std::string again = describe(result, parser);
  if (again.substr(again.find(' ', 2)) != whole.substr(whole.find(' ', 2)))
    fail("not the same when written anew", text);
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duet::http;
  const CutInput input = cut_input(data, size);
  constexpr Method methods[] = {Method::get, Method::head, Method::connect};
  const Method request = methods[input.choice % 3];

  std::unique_ptr<char[]> place;
  ResponseParser parser(request, limits);
  ParseResult result = parse_copy(parser, input.text, place);
  const std::string whole = describe(result, parser);

  std::unique_ptr<char[]> place_of_pieces;
  ResponseParser in_pieces(request, limits);
  ParseResult last = parse_copy(in_pieces, {}, place_of_pieces);
  std::string_view so_far = input.text.substr(0, 0);
  for_each_piece(input, [&](std::string_view piece) {
    so_far = input.text.substr(0, so_far.size() + piece.size());
    if (last.state == ParseResult::State::incomplete)
      last = parse_copy(in_pieces, so_far, place_of_pieces);
  });
  if (describe(last, in_pieces) != whole) fail("the pieces matter", input.text);
  if (result.state != ParseResult::State::complete) return 0;
  check_meaning(parser.head(), request);
  check_written_anew(parser.head(), request, whole);
  return 0;
}
