// What a short read proves. An engine that takes it for the end of what is there, where it is not,
// waits for a report that never comes. One row for each kind of descriptor that is known for it.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <tuple>

#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/wait.hpp"
#include "duet/loop/within.hpp"
#include "support/engine_test.hpp"
#include "support/test_scale.hpp"
#include "sys/call.hpp"
#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace duet::test {
namespace {

int check(std::int64_t result, const char* what) {
  return static_cast<int>(sys::checked(sys::interruptible([&] { return result; }), what));
}

void put(int descriptor, std::string_view bytes, int flags = 0) {
  check(::send(descriptor, bytes.data(), bytes.size(), flags), "send");
}

// Something to read, and what puts all of it in at once, in more than one piece.
struct Source {
  io::HandleKind kind;
  sys::Fd reading;
  sys::Fd writing;
  std::function<void()> feed;
  std::string expected;  // the bytes; or their number only, where the kernel adds to them:
  std::size_t expected_bytes = expected.size();
  bool ends = false;
};

Source of_sockets(io::HandleKind kind, int type, std::function<void(int)> feed) {
  int ends[2];
  check(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {kind, sys::Fd(ends[0]), sys::Fd(ends[1]), [=] { feed(ends[1]); }, "abcdef"};
}

Source of_tcp(std::function<void(int)> feed) {
  sys::Fd listener(check(sys::open_socket(Address::Family::ip4), "socket"));
  check(sys::bind(listener.get(), Address::loopback(0)), "bind");
  check(sys::listen(listener.get(), 1), "listen");
  sys::SocketAddress name;
  check(sys::local_name(listener.get(), name), "getsockname");
  sys::Fd writing(check(sys::open_socket(Address::Family::ip4), "socket"));
  check(sys::connect_interruptible(writing.get(), name), "connect");
  sys::Fd reading(check(sys::accept_interruptible(listener.get(), name), "accept"));
  auto feed_it = [feed, end = writing.get()] { feed(end); };
  return {io::HandleKind::tcp, std::move(reading), std::move(writing), feed_it, "abcdef"};
}

Source tcp_with_an_urgent_byte() {
  return of_tcp([](int end) {
    put(end, "abc");
    put(end, "!", MSG_OOB);  // out of line: never read
    put(end, "def");
  });
}

Source tcp_data_and_end_in_one_report() {
  Source source = of_tcp([](int end) {
    put(end, "abcdef", MSG_MORE);
    check(::shutdown(end, SHUT_WR), "shutdown");
  });
  source.ends = true;
  return source;
}

Source unix_socket_with_a_descriptor_passed() {
  return of_sockets(io::HandleKind::local_stream, SOCK_STREAM, [](int end) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    char text[] = "abc";
    iovec bytes{.iov_base = text, .iov_len = 3};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    *reinterpret_cast<int*>(CMSG_DATA(header)) = end;
    check(::sendmsg(end, &message, 0), "sendmsg");
    put(end, "def");
  });
}

Source seqpacket_socket() {
  return of_sockets(io::HandleKind::other, SOCK_SEQPACKET, [](int end) {
    put(end, "abc");
    put(end, "def");
  });
}

Source pipe_of(io::HandleKind kind, int flags) {
  int ends[2];
  check(::pipe2(ends, flags | O_CLOEXEC), "pipe2");
  auto feed = [end = ends[1]] {
    check(::write(end, "abc", 3), "write");
    check(::write(end, "def", 3), "write");
  };
  return {kind, sys::Fd(ends[0]), sys::Fd(ends[1]), feed, "abcdef"};
}

Source byte_pipe() { return pipe_of(io::HandleKind::byte_pipe, 0); }
Source packet_pipe() { return pipe_of(io::HandleKind::other, O_DIRECT); }

Source terminal_in_canonical_mode() {
  sys::Fd master(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
  check(::grantpt(master.get()), "grantpt");
  check(::unlockpt(master.get()), "unlockpt");
  std::array<char, 64> name{};
  check(-::ptsname_r(master.get(), name.data(), name.size()), "ptsname");
  sys::Fd slave(check(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open"));
  auto feed = [end = master.get(), line_end = slave.get()] {
    check(::write(end, "ab\ncd\nef\n", 9), "write");
    pollfd polled{.fd = line_end, .events = POLLIN, .revents = 0};
    ::poll(&polled, 1, -1);  // the line discipline works asynchronously
  };
  return {io::HandleKind::other, std::move(slave), std::move(master), feed, "ab\ncd\nef\n"};
}

Source file_events() {
  std::string folder = testing::TempDir() + "duet_short_read_" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  sys::Fd events(check(::inotify_init1(IN_CLOEXEC), "inotify_init"));
  check(::inotify_add_watch(events.get(), folder.c_str(), IN_CREATE), "inotify_add_watch");
  auto feed = [folder] {
    for (const char* name : {"/a", "/b", "/c"}) std::ofstream file(folder + name);
    std::filesystem::remove_all(folder);
  };
  constexpr std::size_t event_bytes = sizeof(inotify_event) + 16;
  return {io::HandleKind::other, std::move(events), {}, feed, "", 3 * event_bytes};
}

Source udp_socket() {
  sys::Fd reading(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  check(sys::bind(reading.get(), Address::loopback(0)), "bind");
  sys::SocketAddress name;
  check(sys::local_name(reading.get(), name), "getsockname");
  sys::Fd writing(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  check(sys::connect_interruptible(writing.get(), name), "connect");
  auto feed = [end = writing.get()] {
    put(end, "abc");
    put(end, "def");
  };
  return {io::HandleKind::other, std::move(reading), std::move(writing), feed, "abcdef"};
}

struct Row {
  const char* name;
  Source (*open)();
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

constexpr Row rows[] = {
    {"tcp_with_an_urgent_byte", tcp_with_an_urgent_byte},
    {"tcp_data_and_end_in_one_report", tcp_data_and_end_in_one_report},
    {"unix_socket_with_a_descriptor_passed", unix_socket_with_a_descriptor_passed},
    {"seqpacket_socket", seqpacket_socket},
    {"byte_pipe", byte_pipe},
    {"packet_pipe", packet_pipe},
    {"terminal_in_canonical_mode", terminal_in_canonical_mode},
    {"file_events", file_events},
    {"udp_socket", udp_socket},
};

constexpr std::size_t room_bytes = 40;  // for one inotify event, and more than any other piece

Task<std::size_t> receive(io::Handle handle, std::span<std::byte> room) {
  Wait<io::Receive> wait(io::Receive(handle, room, false), nullptr, nullptr);
  co_return co_await std::move(wait).within(patience);
}

Task<> read_all(io::Handle handle, Source& source) {
  std::array<std::byte, room_bytes> room;
  std::string text;
  while (text.size() < source.expected_bytes) {
    std::size_t count = co_await receive(handle, room);
    if (count == 0) break;
    text.append(reinterpret_cast<const char*>(room.data()), count);
  }
  EXPECT_EQ(text.size(), source.expected_bytes);
  if (!source.expected.empty()) {
    EXPECT_EQ(text, source.expected);
  }
  if (!source.ends) co_return;
  std::size_t end = co_await receive(handle, room);
  EXPECT_EQ(end, 0U);
}

Task<> feed(Source& source) {
  source.feed();
  co_return;
}

Task<> feed_then_read(Source& source) {
  io::Engine& engine = Loop::current().engine();
  io::Handle handle = engine.adopt(source.reading.give_up(), source.kind);
  source.feed();
  co_await read_all(handle, source);
  engine.release(handle);
}

// The reader has begun to wait when the other task feeds it.
Task<> feed_while_reading(Source& source) {
  io::Engine& engine = Loop::current().engine();
  io::Handle handle = engine.adopt(source.reading.give_up(), source.kind);
  co_await all(read_all(handle, source), feed(source));
  engine.release(handle);
}

using Case = std::tuple<std::string, Row>;

class ShortRead : public testing::TestWithParam<Case> {
 protected:
  static void run(Task<> (*reading)(Source&)) {
    Source source = std::get<1>(GetParam()).open();
    run_on_engine(std::get<0>(GetParam()), reading, source);
  }
};
INSTANTIATE_TEST_SUITE_P(, ShortRead,
                         testing::Combine(testing::ValuesIn(engine_names), testing::ValuesIn(rows)),
                         [](const auto& engine) {
                           return std::get<1>(engine.param).name +
                                  ("_" + std::get<0>(engine.param));
                         });

TEST_P(ShortRead, hides_nothing_that_was_there_before) { run(feed_then_read); }

TEST_P(ShortRead, hides_nothing_that_comes_while_it_is_waited_for) { run(feed_while_reading); }

}  // namespace
}  // namespace duet::test
