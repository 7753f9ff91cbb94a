// The event loop with a thread pool of the textbooks: a loop for each connection, all parked on one
// shared selector and run by a few threads. A connection is never handled by two threads at once,
// and one that keeps a thread busy holds up nobody as long as there is another thread. The loop is
// made when a thread runs the connection first: those that wait for a thread, when connections come
// faster than they are run, are small.

#include <thread>

#include "duet/io/engines.hpp"
#include "duet/io/shared_selector.hpp"
#include "runtime/own_loops.hpp"
#include "sys/fd.hpp"
#include "sys/start_thread.hpp"

namespace duet {
namespace {

class OnPool : public OwnLoops {
 public:
  OnPool(Loop& acceptor, Hosting hosting) : OwnLoops(acceptor, std::move(hosting)) {
    start_threads();
  }

  ~OnPool() override {
    selector_.end();
    for (std::thread& thread : threads_) thread.join();
    while (Connection* left = first()) end(static_cast<Parked&>(*left));
  }

  unsigned threads() const noexcept override { return static_cast<unsigned>(threads_.size()); }

  void start(const Service& service, Accepted accepted, Admission admission) override {
    sys::Fd descriptor(accepted.descriptor);
    Address peer = accepted.peer;
    try {
      auto parked = std::make_unique<Parked>(service, std::move(accepted), std::move(descriptor));
      parked->admission = std::move(admission);
      parked->first_share = std::make_unique<io::SharedSelector::Share>(selector_, parked.get());
      parked->share = parked->first_share.get();
      Parked& waiting = *parked.release();  // until end()
      add(waiting);
      waiting.share->queue();
    } catch (const std::exception& error) {
      refuse(peer, error);
    }
  }

 private:
  struct Parked : Connection {
    Parked(const Service& of, Accepted by, sys::Fd its_descriptor)
        : service(of), accepted(std::move(by)), descriptor(std::move(its_descriptor)) {}

    const Service& service;
    Accepted accepted;
    sys::Fd descriptor;                                      // until it is served
    std::unique_ptr<io::SharedSelector::Share> first_share;  // until there is a loop, which has it
    io::SharedSelector::Share* share = nullptr;
    std::unique_ptr<Loop> own;
  };

  void refuse(const Address& peer, const std::exception& error) const {
    hosting_.log.error("no loop for the connection of {}: {}", peer.text(), error.what());
  }

  // False when there can be none; the connection is closed then.
  bool begin(Parked& parked) {
    auto make_engine = [this, &parked](JobQueue& completed) {
      return io::make_reactor_engine(completed, std::move(parked.first_share), hosting_.pools);
    };
    try {
      WithoutLoop apart;  // this loop is not this thread's: others run it, too
      parked.own =
          std::make_unique<Loop>(make_engine, hosting_.log, hosting_.turn_order, hosting_.fibers);
    } catch (const std::exception& error) {
      refuse(parked.accepted.peer, error);
      return false;
    }
    enter(parked, *parked.own);
    parked.descriptor.give_up();
    parked.own->start(run_connection(parked.service, std::move(parked.accepted)));
    return true;
  }

  // As many of those wanted as there can be. Throws if that is none.
  void start_threads() {
    try {
      while (threads_.size() < hosting_.threads)
        threads_.push_back(sys::start_thread("start a thread of the pool", [this] { work_off(); }));
    } catch (const IoError& error) {
      if (threads_.empty()) throw;
      hosting_.log.warning("the pool has {} threads and not {}: {}; {}", threads_.size(),
                           hosting_.threads, error.code().message(), limits_of_threads);
    }
  }

  void work_off() {
    while (io::SharedSelector::Share* share = selector_.take())
      run(*static_cast<Parked*>(share->owner()));
  }

  // Until it waits for something; or for long enough, so that others come in between.
  void run(Parked& parked) {
    constexpr int turns_max = 16;
    if (parked.own != nullptr)
      parked.own->claim();
    else if (!begin(parked))
      return post_end(parked);
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
    post_end(parked);
  }

  void post_end(Parked& parked) {
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
