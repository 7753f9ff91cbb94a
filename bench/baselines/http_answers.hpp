// What the hand-written HTTP servers share: how they count requests, and what they answer.
//
// They are the floor under any HTTP server, not servers to use: a request is whatever ends with a
// blank line, and each gets the same answer, from memory. The answers to pipelined requests lie
// one behind another, so that one send carries all that a receive has asked for. A connection needs
// a RequestCounter and the number of bytes that it is owed; neither allocates, and Answers is
// constant once made and may be used by all threads.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace duet::bench {

// Counts the blank lines in a connection's bytes, however they are cut into pieces.
class RequestCounter {
 public:
  std::size_t count(std::string_view piece) {
    std::size_t requests = 0;
    while (matched_ > 0 && !piece.empty()) {  // it may have begun in the piece before
      requests += step(piece.front());
      piece.remove_prefix(1);
    }
    for (std::size_t at = 0; (at = piece.find(blank_line)) != piece.npos; ++requests) {
      piece.remove_prefix(at + blank_line.size());
    }
    const std::size_t end_bytes = std::min(piece.size(), blank_line.size() - 1);
    for (const char c : piece.substr(piece.size() - end_bytes)) step(c);
    return requests;
  }

 private:
  static constexpr std::string_view blank_line = "\r\n\r\n";

  // Returns whether the character completes a blank line.
  bool step(char c) {
    if (c == blank_line[matched_]) {
      ++matched_;
    } else {
      matched_ = c == '\r' ? 1 : 0;
    }
    if (matched_ < blank_line.size()) return false;
    matched_ = 0;
    return true;
  }

  std::uint8_t matched_ = 0;
};

class Answers {
 public:
  explicit Answers(std::size_t body_bytes) {
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                         std::to_string(body_bytes) + "\r\n\r\n";
    while (body_bytes > 0) {
      const std::string_view text = std::string_view("Hello, world").substr(0, body_bytes);
      answer += text;
      body_bytes -= text.size();
    }
    answer_bytes_ = answer.size();
    do all_ += answer;
    while (all_.size() + answer_bytes_ <= batch_bytes);
  }

  std::uint64_t bytes_for(std::size_t requests) const { return requests * answer_bytes_; }

  // What to send next to a connection that is owed so many bytes; more than 0.
  std::string_view next(std::uint64_t owed_bytes) const {
    const std::size_t begun = (answer_bytes_ - owed_bytes % answer_bytes_) % answer_bytes_;
    return std::string_view(all_).substr(begun, owed_bytes);
  }

 private:
  static constexpr std::size_t batch_bytes = 64 * 1024;

  std::string all_;  // the answer, at least once
  std::size_t answer_bytes_ = 0;
};

// Takes `--body-bytes N` off the front of a command line; 12 without it. Ends the program with 2 if
// N is wrong.
inline std::size_t take_body_bytes(int& argc, char**& argv) {
  constexpr std::size_t bytes_max = 64 << 20;
  std::size_t bytes = 12;
  if (argc < 3 || argv[1] != std::string_view("--body-bytes")) return bytes;
  const std::string_view text = argv[2];
  const auto [end, error] = std::from_chars(text.begin(), text.end(), bytes);
  if (error != std::errc() || end != text.end() || bytes > bytes_max) {
    std::fprintf(stderr, "%s: --body-bytes wants a number up to %zu\n", argv[0], bytes_max);
    std::exit(2);
  }
  argv[2] = argv[0];
  argv += 2;
  argc -= 2;
  return bytes;
}

}  // namespace duet::bench
