#pragma once
// Limits how many connections one address has at a time, over all workers. An Admission is the
// right to one of them and is given back at the end of its life, on whatever thread that is.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "duet/sys/address.hpp"

namespace duet {

class Admissions;

class Admission {
 public:
  Admission() noexcept = default;
  Admission(Admission&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), host_(other.host_) {}
  Admission& operator=(Admission&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(host_, other.host_);
    return *this;
  }
  ~Admission();

 private:
  friend class Admissions;
  using Host = std::array<std::uint8_t, 16>;  // an IPv4 address as IPv6 writes it

  Admission(Admissions& from, const Host& host) noexcept : from_(&from), host_(host) {}

  Admissions* from_ = nullptr;
  Host host_{};
};

class Admissions {
 public:
  explicit Admissions(std::size_t per_address_max) : max_(per_address_max) {}

  // Nothing when the peer has as many connections as it may. Unix sockets have no addresses.
  std::optional<Admission> admit(const Address& peer);

  std::size_t per_address_max() const noexcept { return max_; }

 private:
  friend class Admission;

  void give_back(const Admission::Host& host) noexcept;

  const std::size_t max_;
  std::mutex mutex_;
  std::map<Admission::Host, std::size_t> counts_;
};

}  // namespace duet
