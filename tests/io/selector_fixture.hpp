#pragma once
// A Selector over each mechanism, and pairs of connected sockets to wait for.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "duet/io/selector.hpp"
#include "support/skip_reason.hpp"
#include "sys/fd.hpp"

namespace duet::test {

inline constexpr Events readable = {.readable = true};
inline constexpr Events writable = {.writable = true};
inline constexpr Events both = {.readable = true, .writable = true};

struct SocketPair {
  explicit SocketPair(int family = AF_UNIX) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = sys::Fd(ends[0]);
    peer = sys::Fd(ends[1]);
  }
  int fd() const { return ours.get(); }  // a pair is watchable by itself
  void write_to_us(std::string_view text = "x") const {
    EXPECT_EQ(::send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string read() const {
    std::array<char, 64> buffer{};
    ssize_t count = ::recv(ours.get(), buffer.data(), buffer.size(), 0);
    return count < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(count));
  }
  void fill() const {
    std::array<char, 65536> block{};
    while (::send(ours.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
    }
  }
  void let_peer_read() const {
    std::array<char, 65536> block{};
    while (::recv(peer.get(), block.data(), block.size(), 0) > 0) {
    }
  }

  sys::Fd ours, peer;
};

inline std::error_code error_of_call(const std::function<void()>& call) {
  try {
    call();
  } catch (const IoError& error) {
    return error.code();
  }
  return {};
}
inline int errno_of(const std::function<void()>& call) { return error_of_call(call).value(); }

class SelectorTest : public ::testing::TestWithParam<std::string> {
 protected:
  using Words = Selector<std::string>;

  bool is(std::string_view name) const { return GetParam() == name; }

  // The data of what is ready now.
  std::vector<std::string> look(Duration timeout = Duration::zero()) {
    std::vector<std::string> found;
    for (auto [key, events] : selector_.wait(timeout)) found.push_back(key.data);
    return found;
  }

  // What is reported of the only descriptor.
  Events look_at_one(Duration timeout = Duration::zero()) {
    Events seen;
    for (auto [key, events] : selector_.wait(timeout)) seen = events;
    return seen;
  }

  Words selector_{GetParam()};
  SocketPair pair_;
};

using Found = std::vector<std::string>;
inline constexpr Duration long_time = std::chrono::seconds(10);

inline std::vector<std::string> every_mechanism() {
  std::vector<std::string> names;
  for (const io::NamedMechanism& mechanism : io::mechanisms()) names.emplace_back(mechanism.name);
  return names;
}

inline std::string mechanism_name(const ::testing::TestParamInfo<std::string>& info) {
  return info.param;
}

}  // namespace duet::test
