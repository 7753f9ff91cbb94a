// One connection at a time on the only loop. While another client waits, a connection that is idle
// is closed, so that a browser, which opens several connections, gets its page; one that is being
// served keeps all others waiting: that is the model.

#include <optional>

#include "duet/loop/scope.hpp"
#include "runtime/placement.hpp"

namespace duet {
namespace {

// A peer in the middle of a conversation answers within this.
constexpr Duration idle_for = std::chrono::milliseconds(20);

class OneAtATime : public Placement {
 public:
  explicit OneAtATime(Loop& loop) : scope_(&loop.scope()) {}

  std::size_t room() const noexcept override { return 2; }  // one of them waits

  void start(const Service& service, Accepted connection, Admission admission) override {
    note_start();
    Next next{&service, std::move(connection), std::move(admission)};
    if (current_ == nullptr) return begin(std::move(next));
    waiting_.emplace(std::move(next));
    current_->drain(idle_for);
  }

  void drain(Duration quiet) override { scope_.cancel_scope().drain(quiet); }
  void cut() override { scope_.cancel(); }

 private:
  struct Next {
    const Service* service;
    Accepted connection;
    Admission admission;
  };

  void begin(Next next) {
    current_ = std::make_unique<CancelScope>(&scope_.cancel_scope());
    scope_.spawn(run(std::move(next)));
  }

  Task<> run(Next served) {
    Task<> task = run_connection(*served.service, std::move(served.connection));
    co_await std::move(task).in(*current_);
    current_.reset();
    served.admission = Admission();
    note_end();
    if (waiting_) {
      Next next = std::move(*waiting_);
      waiting_.reset();
      begin(std::move(next));
    }
  }

  Scope scope_;
  std::unique_ptr<CancelScope> current_;
  std::optional<Next> waiting_;
};

}  // namespace

std::unique_ptr<Placement> place_one_at_a_time(Loop& loop, Hosting) {
  return std::make_unique<OneAtATime>(loop);
}

}  // namespace duet
