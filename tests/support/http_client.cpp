#include "support/http_client.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

#include "duet/http/request_head.hpp"

namespace duet::test {
namespace {

[[noreturn]] void refuse(std::string_view why, std::string_view text) {
  throw std::runtime_error(fmt::format("client: {}: '{}'", why, text.substr(0, 500)));
}

std::uint64_t number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) refuse("no number", text);
  return number;
}

int status_of(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 13 || head[12] != ' ')
    refuse("no status line", head);
  return static_cast<int>(number_of(head.substr(9, 3), 10));
}

// The body at the beginning of `coded`, and how many bytes it took; nothing if more must come.
std::optional<std::size_t> decode_chunks(std::string_view coded, std::string& body) {
  for (std::size_t at = 0;;) {
    std::size_t end = coded.find("\r\n", at);
    if (end == coded.npos) return {};
    std::uint64_t size = number_of(coded.substr(at, end - at), 16);
    at = end + 2;
    if (coded.size() - at < size + 2) return {};
    body += coded.substr(at, size);
    at += size;
    if (coded.substr(at, 2) != "\r\n") refuse("a chunk without its end", coded.substr(at));
    at += 2;
    if (size == 0) return at;
  }
}

}  // namespace

std::string Answer::field(std::string_view name) const {
  std::optional<std::string> found;
  std::string_view lines = head;
  lines.remove_prefix(lines.find("\r\n") + 2);
  while (lines != "\r\n") {
    std::string_view line = lines.substr(0, lines.find("\r\n"));
    std::size_t colon = line.find(": ");
    if (colon == line.npos) refuse("no field", line);
    if (http::equals_ignoring_case(line.substr(0, colon), name)) {
      if (found) refuse("a field that is there twice", head);
      found = line.substr(colon + 2);
    }
    lines.remove_prefix(line.size() + 2);
  }
  return found.value_or("");
}

std::optional<Answer> take_answer(std::string& bytes, Asked asked, bool has_ended) {
  std::size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) {
    if (has_ended) refuse("the end came early", bytes);
    return {};
  }
  std::size_t head_size = end + 4;
  Answer answer{.head = bytes.substr(0, head_size)};
  answer.status = status_of(answer.head);
  std::size_t body_size = 0;
  std::string length = answer.field("Content-Length");
  bool has_body =
      asked != Asked::head && answer.status >= 200 && answer.status != 204 && answer.status != 304;
  std::string_view rest = std::string_view(bytes).substr(head_size);
  bool is_whole = true;
  if (has_body && answer.field("Transfer-Encoding") == "chunked") {
    std::optional<std::size_t> size = decode_chunks(rest, answer.body);
    is_whole = size.has_value();
    body_size = size.value_or(0);
  } else if (has_body) {
    body_size = length.empty() ? rest.size() : number_of(length, 10);
    is_whole = length.empty() ? has_ended : rest.size() >= body_size;
    answer.body = rest.substr(0, body_size);
  }
  if (!is_whole && has_ended) refuse("the end came early", bytes);
  if (!is_whole) return {};
  bytes.erase(0, head_size + body_size);
  return answer;
}

std::string without_dates(std::string answers) {
  constexpr std::string_view begin = "\r\nDate: ";
  for (std::size_t at = 0; (at = answers.find(begin, at)) != answers.npos;)
    answers.erase(at, answers.find("\r\n", at + 2) - at);
  return answers;
}

Answer HttpClient::receive(Asked asked) {
  for (;;) {
    std::optional<Answer> answer = take_answer(received_, asked, has_ended_);
    if (answer) return std::move(*answer);
    std::string some = socket_.receive_some();
    has_ended_ = some.empty();
    received_ += some;
  }
}

Answer HttpClient::ask(std::string_view request, Asked asked) {
  send(request);
  return receive(asked);
}

bool HttpClient::ends() {
  return received_.empty() && (has_ended_ || socket_.receive_some().empty());
}

std::string get(std::string_view target, std::string_view fields) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", target, fields);
}

}  // namespace duet::test
