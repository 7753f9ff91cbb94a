// One connection at a time on the only loop. While another client waits, a connection that is idle
// is closed, so that a browser, which opens several connections, gets its page; one that is being
// served keeps all others waiting: that is the model.

#include <optional>

#include "duet/loop/scope.hpp"
#include "runtime/placement.hpp"

namespace duet {
namespace {

class OneAtATime : public Placement {
 public:
  explicit OneAtATime(Loop& loop) : scope_(&loop.scope()) {}

  std::size_t room() const noexcept override { return 1; }

  void start(const Service& service, Accepted connection, Admission admission) override {
    note_start();
    current_.emplace(&scope_.cancel_scope());
    scope_.spawn(run(service, std::move(connection), std::move(admission)));
  }

  void make_room(std::size_t) override {
    if (current_) current_->drain(room_quiet);
  }
  void drain(Duration quiet) override { scope_.cancel_scope().drain(quiet); }
  void cut() override { scope_.cancel(); }

 private:
  Task<> run(const Service& service, Accepted connection, Admission admission) {
    Task<> task = run_connection(service, std::move(connection));
    co_await std::move(task).in(*current_);
    current_.reset();
    admission = Admission();
    note_end();
  }

  Scope scope_;
  std::optional<CancelScope> current_;
};

}  // namespace

std::unique_ptr<Placement> place_one_at_a_time(Loop& loop, Hosting) {
  return std::make_unique<OneAtATime>(loop);
}

}  // namespace duet
