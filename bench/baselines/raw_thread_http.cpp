// HTTP answers with one thread per connection and blocking calls.

#include <array>
#include <functional>
#include <thread>

#include "blocking_echo.hpp"
#include "http_answers.hpp"
#include "server.hpp"

namespace duet::bench {
namespace {

bool send_answers(int fd, const Answers& answers, std::size_t requests) {
  std::uint64_t owed_bytes = answers.bytes_for(requests);
  while (owed_bytes > 0) {
    const std::string_view next = answers.next(owed_bytes);
    if (!send_all(fd, next.data(), next.size())) return false;
    owed_bytes -= next.size();
  }
  return true;
}

void run_connection(int fd, const Answers& answers) {
  std::array<char, buffer_bytes> buffer;
  RequestCounter requests;
  for (;;) {
    const ssize_t received = recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) break;
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(received));
    if (!send_answers(fd, answers, requests.count(piece))) break;
  }
  close(fd);
}

[[noreturn]] void accept_forever(int listener, const Answers& answers) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && is_transient(errno)) continue;
    std::thread(run_connection, checked(fd, "accept"), std::cref(answers)).detach();
  }
}

}  // namespace
}  // namespace duet::bench

int main(int argc, char** argv) {
  using namespace duet::bench;
  const Answers answers(take_body_bytes(argc, argv));
  accept_forever(listen_on_loopback(argc, argv), answers);
}
