#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "duet/base/error.hpp"
#include "duet/io/selector_mechanism.hpp"
#include "sys/fork_count.hpp"

namespace duet::io {
namespace {

constexpr std::array named_mechanisms = {
    NamedMechanism{"epoll", make_epoll_mechanism},
    NamedMechanism{"poll", make_poll_mechanism},
    NamedMechanism{"select", make_select_mechanism},
    NamedMechanism{"signal", make_signal_mechanism},
    NamedMechanism{"spin", make_spin_mechanism},
};

}  // namespace

std::span<const NamedMechanism> mechanisms() noexcept { return named_mechanisms; }

const NamedMechanism& find_mechanism(std::string_view name) {
  auto found = std::ranges::find(named_mechanisms, name, &NamedMechanism::name);
  if (found != named_mechanisms.end()) return *found;
  throw std::invalid_argument("'" + std::string(name) +
                              "' is no selector; there are epoll, poll, select, signal and spin");
}

const NamedMechanism& default_mechanism() {
  for (std::string_view name : {"epoll", "poll"}) {
    const NamedMechanism& mechanism = find_mechanism(name);
    try {
      mechanism.make(Trigger::level)->wait(past);
      return mechanism;
    } catch (const IoError&) {
      continue;  // the system refuses it
    }
  }
  return find_mechanism("select");
}

std::uint32_t fork_count() noexcept { return sys::fork_count(); }

}  // namespace duet::io
