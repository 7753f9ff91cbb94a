#include "runtime/admission.hpp"

#include <algorithm>

namespace duet {

Admission::~Admission() {
  if (from_ != nullptr) from_->give_back(count_);
}

std::optional<Admission> Admissions::admit(const Address& peer) {
  bool has_host = peer.family == Address::Family::ip4 || peer.family == Address::Family::ip6;
  if (max_ == SIZE_MAX || !has_host) return Admission();
  Admission::Host host = peer.bytes;
  if (peer.family == Address::Family::ip4) {
    host = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::copy_n(peer.bytes.begin(), 4, host.begin() + 12);
  }
  std::lock_guard lock(mutex_);
  auto count = counts_.try_emplace(host, 0).first;
  if (count->second >= max_) return std::nullopt;
  ++count->second;
  return Admission(*this, count);
}

void Admissions::give_back(Admission::Counts::iterator count) noexcept {
  std::lock_guard lock(mutex_);
  if (--count->second == 0) counts_.erase(count);
}

}  // namespace duet
