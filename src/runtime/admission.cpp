#include "runtime/admission.hpp"

#include <algorithm>

namespace duet {

Admission::~Admission() {
  if (from_ != nullptr) from_->give_back(host_);
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
  std::size_t& count = counts_[host];
  if (count >= max_) return std::nullopt;
  ++count;
  return Admission(*this, host);
}

void Admissions::give_back(const Admission::Host& host) noexcept {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(host);
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace duet
