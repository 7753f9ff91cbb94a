// A thread with a loop of its own for each connection.

#include <thread>

#include "runtime/own_loops.hpp"
#include "sys/fd.hpp"

namespace duet {
namespace {

class OnThreads : public OwnLoops {
 public:
  OnThreads(Loop& acceptor, Hosting hosting) : OwnLoops(acceptor, std::move(hosting)) {}

  ~OnThreads() override {
    while (Connection* left = first()) end(static_cast<Threaded&>(*left));
  }

  void start(const Service& service, Accepted accepted, Admission admission) override {
    int descriptor = accepted.descriptor;
    Address peer = accepted.peer;
    auto& connection = *new Threaded;  // until end()
    connection.admission = std::move(admission);
    add(connection);
    try {
      connection.thread =
          std::thread([this, &connection, &service, accepted = std::move(accepted)] {
            run(connection, service, accepted);
          });
    } catch (const std::system_error& error) {
      sys::Fd refused(descriptor);
      remove(connection);
      delete &connection;
      hosting_.log.error("no thread for the connection of {}: {}; {}", peer.text(),
                         error.code().message(), limits_of_threads);
    }
  }

 private:
  struct Threaded : Connection {
    std::thread thread;
  };

  void run(Threaded& connection, const Service& service, Accepted accepted) {
    if (std::unique_ptr<Loop> loop = make_loop(accepted)) {
      enter(connection, *loop);
      Task<> task = run_connection(service, std::move(accepted));
      loop->run(std::move(task));
      tell(hosting_.loop_end, *loop);
      leave(connection);
    }
    acceptor_.post([this, &connection] { end(connection); });
  }

  std::unique_ptr<Loop> make_loop(const Accepted& accepted) {
    try {
      return std::make_unique<Loop>(hosting_.make_engine, hosting_.log, hosting_.turn_order,
                                    hosting_.fibers);
    } catch (const std::exception& error) {
      sys::Fd refused(accepted.descriptor);
      hosting_.log.error("no loop for the connection of {}: {}", accepted.peer.text(),
                         error.what());
      return nullptr;
    }
  }

  void end(Threaded& connection) {
    std::unique_ptr<Threaded> ended(&connection);
    ended->thread.join();
    remove(*ended);
  }
};

}  // namespace

std::unique_ptr<Placement> place_on_threads(Loop& loop, Hosting hosting) {
  return std::make_unique<OnThreads>(loop, std::move(hosting));
}

}  // namespace duet
