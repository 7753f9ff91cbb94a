#include "support/dialogue.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <list>

#include "duet/base/error.hpp"
#include "support/client_socket.hpp"
#include "support/test_scale.hpp"
#include "sys/call.hpp"

namespace duet::test {
namespace {

class Talk {
 public:
  Talk(Dialogue& dialogue, const Address& server) : dialogue_(dialogue), socket_(server) {}

  pollfd wish() const {
    bool sends = !has_finished_;
    return {.fd = socket_.get(), .events = static_cast<short>(POLLIN | (sends ? POLLOUT : 0))};
  }

  // False when the connection has ended.
  bool go_on(short events) {
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive()) return false;
    if ((events & POLLOUT) != 0 && !has_finished_) send_piece();
    return true;
  }

 private:
  bool receive() {
    std::array<char, 65536> room;
    std::int64_t n =
        sys::retried([&] { return ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT); });
    if (n == -EAGAIN) return true;
    dialogue_.was_reset = n < 0;
    if (n <= 0) return false;
    dialogue_.received.append(room.data(), static_cast<std::size_t>(n));
    return true;
  }

  void send_piece() {
    bool is_last = cut_ == dialogue_.cuts.size();
    std::size_t end = is_last ? dialogue_.bytes.size() : dialogue_.cuts[cut_];
    std::string_view piece = dialogue_.bytes.substr(sent_, end - sent_);
    std::int64_t n = sys::retried([&] {
      return ::send(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (n == -EAGAIN) return;
    if (n < 0) {  // the peer is gone: what it said before will be received
      has_finished_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(n);
    if (sent_ < end) return;
    if (!is_last) {
      ++cut_;
      return;
    }
    has_finished_ = true;
    ::shutdown(socket_.get(), SHUT_WR);
  }

  Dialogue& dialogue_;
  ClientSocket socket_;
  std::size_t cut_ = 0;
  std::size_t sent_ = 0;
  bool has_finished_ = false;
};

}  // namespace

void carry_out(std::span<Dialogue> dialogues, const Address& server, std::size_t at_once) {
  std::list<Talk> talks;
  std::vector<pollfd> polled;
  for (std::size_t next = 0; next < dialogues.size() || !talks.empty();) {
    while (next < dialogues.size() && talks.size() < at_once)
      talks.emplace_back(dialogues[next++], server);
    polled.clear();
    for (const Talk& talk : talks) polled.push_back(talk.wish());
    auto limit_ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    std::int64_t ready =
        sys::checked(sys::retried([&] {
                       return ::poll(polled.data(), polled.size(), static_cast<int>(limit_ms));
                     }),
                     "client: poll");
    if (ready == 0) throw IoError(Errc::timed_out, "client: dialogue");
    auto events = polled.begin();
    for (auto talk = talks.begin(); talk != talks.end();)
      talk = talk->go_on((events++)->revents) ? std::next(talk) : talks.erase(talk);
  }
}

}  // namespace duet::test
