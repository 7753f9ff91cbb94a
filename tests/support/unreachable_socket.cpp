#include "support/unreachable_socket.hpp"

#include <arpa/inet.h>
#include <net/route.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <exception>
#include <thread>

#include "sys/call.hpp"
#include "sys/socket.hpp"

namespace duet::test {
namespace {

constexpr const char* host = "192.0.2.1";  // TEST-NET-1, RFC 5737

sockaddr ip4(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, text, &address.sin_addr);
  sockaddr plain{};
  std::memcpy(&plain, &address, sizeof plain);
  return plain;
}

// The thread that calls this is in the new network, and so is what it opens there, for ever.
sys::Fd socket_in_a_new_network() {
  sys::checked(sys::interruptible([] { return ::unshare(CLONE_NEWNET); }), "unshare");
  sys::Fd socket(static_cast<int>(sys::checked(sys::open_socket(Address::Family::ip4), "socket")));
  rtentry route{};
  route.rt_dst = ip4(host);
  route.rt_genmask = ip4("255.255.255.255");
  route.rt_flags = RTF_UP | RTF_HOST | RTF_REJECT;
  sys::checked(sys::interruptible([&] { return ::ioctl(socket.get(), SIOCADDRT, &route); }),
               "ioctl");
  return socket;
}

}  // namespace

UnreachableSocket make_unreachable_socket() {
  UnreachableSocket made{{}, *Address::parse(std::string(host) + ":1")};
  std::exception_ptr error;
  std::thread([&] {
    try {
      made.socket = socket_in_a_new_network();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
  return made;
}

}  // namespace duet::test
