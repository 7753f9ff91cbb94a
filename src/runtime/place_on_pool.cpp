// The event loop with a thread pool of the textbooks: a loop for each connection, all parked on one
// shared selector and run by a few threads. A connection is never handled by two threads at once,
// and one that keeps a thread busy holds up nobody as long as there is another thread.

#include <thread>

#include "duet/io/engines.hpp"
#include "duet/io/shared_selector.hpp"
#include "runtime/own_loops.hpp"
#include "sys/fd.hpp"

namespace duet {
namespace {

class OnPool : public OwnLoops {
 public:
  OnPool(Loop& acceptor, Hosting hosting) : OwnLoops(acceptor, std::move(hosting)) {}

  ~OnPool() override {
    selector_.end();
    for (std::thread& thread : threads_) thread.join();
    while (Connection* left = first()) end(static_cast<Parked&>(*left));
  }

  void start(const Service& service, Accepted accepted, Admission admission) override {
    int descriptor = accepted.descriptor;
    Address peer = accepted.peer;
    try {
      start_threads();
      auto parked = std::make_unique<Parked>(service, std::move(accepted));
      parked->admission = std::move(admission);
      parked->own = make_loop(*parked);
      Parked& begun = *parked.release();  // until end()
      add(begun);
      enter(begun, *begun.own);
      begun.share->queue();
    } catch (const std::exception& error) {
      sys::Fd refused(descriptor);
      hosting_.log.error("no loop for the connection of {}: {}", peer.text(), error.what());
    }
  }

 private:
  struct Parked : Connection {
    Parked(const Service& of, Accepted by) : service(of), accepted(std::move(by)) {}

    const Service& service;
    Accepted accepted;
    bool has_begun = false;
    std::unique_ptr<Loop> own;
    io::SharedSelector::Share* share = nullptr;  // the loop's
  };

  std::unique_ptr<Loop> make_loop(Parked& parked) {
    auto make_engine = [this, &parked](JobQueue& completed) {
      auto share = std::make_unique<io::SharedSelector::Share>(selector_, &parked);
      parked.share = share.get();
      return io::make_reactor_engine(completed, std::move(share), hosting_.pools);
    };
    return std::make_unique<Loop>(make_engine, hosting_.log, hosting_.turn_order, hosting_.fibers);
  }

  void start_threads() {
    while (threads_.size() < hosting_.threads)
      threads_.emplace_back([this] {
        while (io::SharedSelector::Share* share = selector_.take())
          run(*static_cast<Parked*>(share->owner()));
      });
  }

  // Until it waits for something; or for long enough, so that others come in between.
  void run(Parked& parked) {
    constexpr int turns_max = 16;
    if (!std::exchange(parked.has_begun, true))
      parked.own->start(run_connection(parked.service, std::move(parked.accepted)));
    for (int turn = 0; turn < turns_max; ++turn) {
      if (!parked.own->run_once()) return finish(parked);
      TimePoint deadline = parked.own->next_deadline();
      if (deadline == past) continue;
      parked.own->buffers().free_unused();  // it may be parked for long
      if (parked.share->park(deadline)) return;
    }
    parked.share->queue();
  }

  void finish(Parked& parked) {
    tell(hosting_.loop_end, *parked.own);
    leave(parked);
    parked.own.reset();
    acceptor_.post([this, &parked] { end(parked); });
  }

  void end(Parked& parked) {
    std::unique_ptr<Parked> ended(&parked);
    remove(*ended);
  }

  io::SharedSelector selector_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Placement> place_on_pool(Loop& loop, Hosting hosting) {
  return std::make_unique<OnPool>(loop, std::move(hosting));
}

}  // namespace duet
