#pragma once
// A Runtime runs the handlers of connections under the model that was picked at run time.
//
//   Runtime runtime(Options::parse(argc, argv));
//   runtime.serve("127.0.0.1:7000", echo);       // Task<> echo(Stream peer)
//   return runtime.run();                         // until SIGTERM or SIGINT; 0 after the drain
//
// It is made and run by the program's main thread, before other threads are started: it blocks
// SIGTERM and SIGINT (and SIGCHLD under a model that forks) for all threads, ignores SIGPIPE, and
// raises the limit of descriptors to its maximum. One runtime at a time.

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "duet/base/log.hpp"
#include "duet/loop/fiber.hpp"
#include "duet/net/stream.hpp"
#include "duet/runtime/model.hpp"
#include "duet/runtime/options.hpp"
#include "duet/runtime/sharded.hpp"
#include "duet/runtime/shared.hpp"

namespace duet {

// Options that contradict each other, or an address that is none.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where to listen, and what to do with each connection. `handle` is called on the loop of the
// connection, possibly by several threads at once.
struct Service {
  Address address;
  std::function<Task<>(Stream)> handle;
};

namespace detail {

// Runs a handler in the way in which it is written: one that returns no task is a fiber.
template <class Handler, class... Arguments>
Task<> start_handler(const Handler& handler, Stream peer, const Arguments&... arguments) {
  using Returned = std::invoke_result_t<const Handler&, Stream, const Arguments&...>;
  if constexpr (std::is_void_v<Returned>)
    return fiber(std::cref(handler), std::move(peer), arguments...);
  else
    return handler(std::move(peer), arguments...);
}

}  // namespace detail

class Runtime {
 public:
  // `log` gets what goes wrong with connections. Throws UnavailableModel or UsageError.
  explicit Runtime(Options options, std::shared_ptr<Log> log = std::make_shared<Log>());
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  // Calls handler(stream, arguments…) for each connection; `handler` and `arguments` are kept, and
  // each connection gets a copy of the arguments. A handler is a coroutine that returns Task<>, or
  // a function that returns nothing, which runs as a fiber: duet/loop/fiber.hpp. What leaves the
  // handler as an exception is logged with the peer's address and ends that connection only. Throws
  // UsageError.
  template <class Handler, class... Arguments>
  void serve(const Address& address, Handler handler, Arguments... arguments) {
    if ((detail::IsShared<Arguments>::value || ...)) refuse_shared_state_if_forking();
    (share(arguments), ...);
    add({address,
         [handler = std::move(handler), ... arguments = std::move(arguments)](Stream peer) {
           return detail::start_handler(handler, std::move(peer), arguments...);
         }});
  }
  template <class Handler, class... Arguments>
  void serve(std::string_view address, Handler handler, Arguments... arguments) {
    serve(parse(address), std::move(handler), std::move(arguments)...);
  }

  // Called by run when every address is listened on: with the addresses in the order of serve, the
  // ports that were chosen filled in.
  void on_listening(std::function<void(const std::vector<Address>&)> action);

  // Prints a line for each address when it is listened on, the port filled in:
  // "listening on http://127.0.0.1:8080 (model epoll, 1 worker)" for the scheme "http".
  void announce(std::string scheme);

  // Called when a loop has run to its end, on its thread and, under a model that forks, in its
  // process: with what the loop still has, which is nothing unless something was forgotten.
  // May be set several times: all are called.
  void on_loop_end(std::function<void(const LoopCensus&)> action);

  // On SIGHUP, on the main thread: by custom, to open log files anew. All that are set are called.
  // Without, SIGHUP ends the program. What one throws ends the server: it drains, run() throws it.
  void on_hang_up(std::function<void()> action);

  // Serves until SIGTERM or SIGINT; then stops accepting, lets what runs end, for at most
  // Options::drain, and returns 0. What is shielded, or offloaded and begun, has its own time on
  // top. Idle connections are closed meanwhile. A second signal ends the process at once with code
  // 1. Throws IoError when an address cannot be listened on.
  int run();

  // Does what SIGTERM does. Any thread.
  void stop();

  const Model& model() const noexcept;

  // Those that were asked for; from on_listening on those that there are, which under pool may be
  // fewer.
  unsigned workers() const noexcept;

  // "model epoll, 1 worker", for people.
  std::string text() const;

 private:
  struct State;

  static Address parse(std::string_view address);
  void add(Service service);
  void refuse_shared_state_if_forking() const;
  bool has_one_loop() const noexcept;
  void divide(std::shared_ptr<PerWorker> state) const;

  template <class T>
  void share(const Shared<T>& shared) const {
    shared.use_on_one_loop(has_one_loop());
  }
  template <class T>
  void share(const Sharded<T>& sharded) const {
    divide(sharded.per_worker());
  }
  template <class T>
  void share(const T&) const noexcept {}

  std::unique_ptr<State> state_;
};

}  // namespace duet
