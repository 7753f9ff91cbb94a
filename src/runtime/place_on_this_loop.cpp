// All connections of a worker share its loop: each is a child of one scope.

#include "duet/loop/scope.hpp"
#include "runtime/placement.hpp"

namespace duet {
namespace {

class OnThisLoop : public Placement {
 public:
  explicit OnThisLoop(Loop& loop) : loop_(loop), scope_(&loop.scope()) {}

  void start(const Service& service, Accepted connection, Admission admission) override {
    note_start();
    scope_.spawn(run(service, std::move(connection), std::move(admission)));
  }

  void make_room(std::size_t) override {
    scope_.cancel_scope().make_room(loop_.now() - room_quiet);
  }
  void drain(Duration quiet) override { scope_.cancel_scope().drain(quiet); }
  void cut() override { scope_.cancel(); }

 private:
  Task<> run(const Service& service, Accepted connection, Admission admission) {
    Task<> task = run_connection(service, std::move(connection));
    co_await std::move(task);
    admission = Admission();
    note_end();
  }

  Loop& loop_;
  Scope scope_;
};

}  // namespace

std::unique_ptr<Placement> place_on_this_loop(Loop& loop, Hosting) {
  return std::make_unique<OnThisLoop>(loop);
}

}  // namespace duet
