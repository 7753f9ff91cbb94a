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
      : from_(std::exchange(other.from_, nullptr)), count_(other.count_) {}
  Admission& operator=(Admission&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Admission();

 private:
  friend class Admissions;
  using Host = std::array<std::uint8_t, 16>;  // an IPv4 address as IPv6 writes it
  using Counts = std::map<Host, std::size_t>;

  Admission(Admissions& from, Counts::iterator count) noexcept : from_(&from), count_(count) {}

  Admissions* from_ = nullptr;
  Counts::iterator count_;
};

class Admissions {
 public:
  explicit Admissions(std::size_t per_address_max) : max_(per_address_max) {}

  // Nothing when the peer has as many connections as it may. Unix sockets have no addresses.
  std::optional<Admission> admit(const Address& peer);

  std::size_t per_address_max() const noexcept { return max_; }

 private:
  friend class Admission;

  void give_back(Admission::Counts::iterator count) noexcept;

  const std::size_t max_;
  std::mutex mutex_;
  Admission::Counts counts_;
};

}  // namespace duet
