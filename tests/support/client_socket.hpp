#pragma once
// The other side of a test's connection: a plain blocking socket, without anything of duet's
// streams. Calls throw std::system_error, also when nothing happens for too long, and a test that
// does not expect that fails with its text. Used by one thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "duet/base/time.hpp"
#include "duet/sys/address.hpp"
#include "sys/fd.hpp"

namespace duet::test {

class ClientSocket {
 public:
  explicit ClientSocket(const Address& to);

  void send(std::string_view bytes);
  void send_urgent(char byte);                   // out of band, send(2) MSG_OOB
  void send_and_finish(std::string_view bytes);  // the last bytes and the end in one segment

  // Sends for as long as the kernel takes something at least every 300 ms; returns how much.
  std::size_t send_until_stuck(std::string_view bytes);

  std::string receive(std::size_t count);  // exactly
  std::string receive_some();              // "" at the end of the stream
  std::string receive_rest();              // to the end of the stream

  // Sends, and receives as much as it sends, both at once.
  std::string exchange(std::string_view bytes);

  // Whether something, if only the end of the stream, comes within `limit`.
  bool is_answered_within(Duration limit);

  void finish();  // our side ends
  void reset();   // the peer gets ECONNRESET
  void close() noexcept { socket_.close(); }

  Address local() const;
  int get() const noexcept { return socket_.get(); }

 private:
  std::size_t send_some(std::string_view bytes, int flags);
  std::size_t receive_into(char* memory, std::size_t room, int flags);
  bool wait(short events, Duration limit);

  sys::Fd socket_;
};

// `count` bytes that tell their place: no two stretches of it are equal.
std::string pattern(std::size_t count, unsigned seed = 1);

}  // namespace duet::test
