#pragma once
// HTTP/1.1 from the client's side, as a test wants it: requests are sent byte for byte as they are
// written, answers are taken apart strictly, and what breaks a rule or ends early is thrown as
// std::runtime_error. Used by one thread.

#include <optional>
#include <string>
#include <string_view>

#include "support/client_socket.hpp"

namespace duet::test {

struct Answer {
  int status = 0;
  std::string head;  // status line and fields, with the empty line
  std::string body;  // without the chunked coding

  // "" if there is none; throws if there are two.
  std::string field(std::string_view name) const;
};

// What decides whether a body follows the head.
enum class Asked : bool { any, head };

// Takes the first answer off `bytes`; nothing if more must come. A body without a length is whole
// when the connection has ended.
std::optional<Answer> take_answer(std::string& bytes, Asked asked, bool has_ended);

std::string without_dates(std::string answers);

class HttpClient {
 public:
  explicit HttpClient(const Address& to) : socket_(to) {}

  void send(std::string_view bytes) { socket_.send(bytes); }
  Answer receive(Asked asked = Asked::any);
  Answer ask(std::string_view request, Asked asked = Asked::any);

  // Whether the connection ends, without anything more and without a reset; waits for that.
  bool ends();

  ClientSocket& socket() noexcept { return socket_; }

 private:
  ClientSocket socket_;
  std::string received_;
  bool has_ended_ = false;
};

// "GET target", from "a", with further field lines that each end in CRLF.
std::string get(std::string_view target, std::string_view fields = "");

}  // namespace duet::test
