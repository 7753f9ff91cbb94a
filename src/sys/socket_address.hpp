#pragma once
// The kernel's form of an Address.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "duet/sys/address.hpp"

namespace duet::sys {

struct SocketAddress {
  SocketAddress() noexcept = default;  // room for any address
  explicit SocketAddress(const Address& address) noexcept;

  Address value() const;
  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t length = sizeof storage;

 private:
  template <class T>
  T& as() noexcept {
    return reinterpret_cast<T&>(storage);
  }
  template <class T>
  const T& as() const noexcept {
    return reinterpret_cast<const T&>(storage);
  }
};

}  // namespace duet::sys
