// All connections of a worker share its loop. Each costs one small record besides its handler's
// frame, since there may be very many.

#include "runtime/placement.hpp"

namespace duet {
namespace {

class OnThisLoop : public Placement {
 public:
  explicit OnThisLoop(Loop& loop) : loop_(loop), scope_(&loop.scope()) {}

  void start(const Service& service, Accepted accepted, Admission admission) override {
    note_start();
    loop_.make_ready(*new Connection(*this, service, std::move(accepted), std::move(admission)));
  }

  void make_room(std::size_t) override { scope_.make_room(loop_.now() - room_quiet); }
  void drain(Duration quiet) override { scope_.drain(quiet); }
  void cut() override { scope_.cancel(CancelReason::requested); }

 private:
  // Begins and is taken down by a job: never inside of another connection's handler.
  struct Connection : Job {
    Connection(OnThisLoop& by, const Service& service, Accepted accepted, Admission admitted)
        : Job(start), placement(by), peer(accepted.peer), admission(std::move(admitted)) {
      try {
        Stream stream(by.loop_, std::move(accepted));
        task = service.handle(std::move(stream));
      } catch (...) {
        log_failure(by.loop_.log(), peer);
        run = end;
      }
    }

    static void start(Job& job) {
      auto& self = static_cast<Connection&>(job);
      self.run = take;
      auto finished = [](void* connection) {
        Loop::current().take_down(*static_cast<Connection*>(connection));
      };
      if (self.task.start(&self.placement.scope_, finished, &self)) take(self);
    }

    static void take(Job& job) {
      auto& self = static_cast<Connection&>(job);
      try {
        self.task.take();
      } catch (...) {
        log_failure(self.placement.loop_.log(), self.peer);
      }
      end(self);
    }

    static void end(Job& job) {
      auto& self = static_cast<Connection&>(job);
      OnThisLoop& placement = self.placement;
      delete &self;
      placement.note_end();
    }

    OnThisLoop& placement;
    Task<> task;
    const Address peer;
    Admission admission;
  };

  Loop& loop_;
  CancelScope scope_;
};

}  // namespace

std::unique_ptr<Placement> place_on_this_loop(Loop& loop, Hosting) {
  return std::make_unique<OnThisLoop>(loop);
}

}  // namespace duet
