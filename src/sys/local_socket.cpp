#include "sys/local_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/call.hpp"
#include "sys/fd.hpp"
#include "sys/socket.hpp"

namespace duet::sys {

bool is_dead_local_socket(const Address& address) noexcept {
  struct stat found{};
  if (::lstat(address.path().c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  Fd probe(static_cast<int>(open_socket(address.family)));
  set_mode(probe.get(), Mode::nonblocking);  // a living server's backlog may be full
  return connect_interruptible(probe.get(), SocketAddress(address)) == -ECONNREFUSED;
}

void remove_local_socket(const std::string& path) noexcept { ::unlink(path.c_str()); }

int option_of_socket(int descriptor, int option) noexcept {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_local_socket(int descriptor) noexcept {
  return option_of_socket(descriptor, SO_DOMAIN) == AF_UNIX;
}

}  // namespace duet::sys
