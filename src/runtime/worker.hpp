#pragma once
// A Worker accepts connections on its loop and gives them to its placement, until it is told to
// drain. Used on its loop's thread only.

#include <optional>

#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/within.hpp"
#include "duet/net/listener.hpp"
#include "runtime/placement.hpp"

namespace duet {

struct Endpoint {
  const Service* service;
  Listener listener;
};

class Worker {
 public:
  Worker(Loop& loop, std::vector<Endpoint> endpoints, std::unique_ptr<Placement> placement,
         Admissions& admissions, std::size_t connections_max)
      : loop_(loop),
        endpoints_(std::move(endpoints)),
        placement_(std::move(placement)),
        admissions_(admissions),
        connections_max_(std::min(connections_max, placement_->room())),
        accepting_(&loop.scope()) {}

  // Accepts until drain() is called; ends when the connections have ended, which are cut after
  // `drain_max`.
  Task<> work(Duration drain_max);

  void drain() { accepting_.cancel(); }
  Placement& placement() noexcept { return *placement_; }

 private:
  Task<> accept(Endpoint& endpoint);
  std::optional<Admission> admit(const Address& peer);
  bool is_full() const noexcept { return placement_->running() >= connections_max_; }
  Task<> make_room_for(int descriptor);
  Task<> pause_after(std::error_code error, const Listener& listener);
  bool may_warn() noexcept;
  Task<> wait_for_connections();

  Loop& loop_;
  std::vector<Endpoint> endpoints_;
  std::unique_ptr<Placement> placement_;
  Admissions& admissions_;
  const std::size_t connections_max_;
  Scope accepting_;
  TimePoint last_warning_ = past;
};

}  // namespace duet
