#pragma once
// A loop on each engine, and pairs of connected streams on it.

#include <string>
#include <utility>

#include "duet/loop/all.hpp"
#include "duet/loop/scope.hpp"
#include "duet/loop/sleep.hpp"
#include "duet/loop/within.hpp"
#include "duet/net/listener.hpp"
#include "loop/loop_fixture.hpp"

namespace duet::test {

struct StreamPair {
  Stream ours, peer;
};

inline Task<StreamPair> connect_pair(Listener& listener) {
  // The kernel completes the handshake by itself, so one task can do both ends.
  Stream ours = co_await connect(listener.local());
  Accepted accepted = co_await listener.accept();
  Stream peer(Loop::current(), std::move(accepted));
  co_return StreamPair{std::move(ours), std::move(peer)};
}

class NetTest : public LoopTest {
 protected:
  // Runs body(pair) with two connected TCP streams.
  void run_with_pair(std::function<Task<>(StreamPair&)> body) {
    loop_->run(with_pair(std::move(body)));
  }

  // The error of an operation that must fail.
  template <class Op>
  static Task<std::error_code> error_of_wait(Wait<Op> wait) {
    auto result = co_await as_expected(std::move(wait));
    co_return result ? std::error_code() : result.error();
  }

 private:
  static Task<> with_pair(std::function<Task<>(StreamPair&)> body) {
    Listener listener(Address::loopback(0));
    StreamPair pair = co_await connect_pair(listener);
    Task<> task = body(pair);
    co_await std::move(task);
  }
};

}  // namespace duet::test
