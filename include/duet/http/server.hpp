#pragma once
// HTTP/1.1 on the connections of a Runtime.
//
//   Task<http::Response> hello(http::Request) { co_return http::Response::text("Hello\n"); }
//
//   Runtime runtime(Options::parse(argc, argv));
//   http::serve(runtime, "127.0.0.1:8080", hello);
//   return runtime.run();
//
// A handler is called once for each request, requests of a connection one after the other. What it
// throws becomes an answer: http::Error its status, any other exception 500 and a line in the log.
// What it leaves unread of a request's body is read and thrown away, or the connection closed: then
// our side ends after the answer, and what still comes is thrown away for a while, so that a
// client that sends first and reads later gets the answer. Such a connection counts as idle.

#include <functional>
#include <memory>
#include <string_view>

#include "duet/http/access_log.hpp"
#include "duet/http/codec.hpp"
#include "duet/http/error.hpp"
#include "duet/http/request.hpp"
#include "duet/http/request_limit.hpp"
#include "duet/http/response.hpp"
#include "duet/runtime/runtime.hpp"

namespace duet::http {

using Handler = std::function<Task<Response>(Request)>;

// What a connection is allowed, and what is written down about it.
struct ServeOptions {
  Limits head;
  std::uint64_t body_bytes_max = 1024 * 1024;   // beyond: 413
  std::uint64_t body_rate_min = 1024;           // bytes a second, once head_time has been waited
  Delay head_time = std::chrono::seconds(10);   // for a whole head, from its first byte
  Delay idle_time = std::chrono::seconds(60);   // between requests
  Delay send_time = std::chrono::seconds(30);   // for the peer to take a buffer's worth
  Delay linger_time = std::chrono::seconds(2);  // in all, for what comes after the last answer
  RequestLimit requests_max;                    // in progress at a time; beyond: 503. 0: any
  std::shared_ptr<AccessLog> access_log;        // none: nothing is written
};

// The handler of connections that the functions below give to the runtime.
Task<> serve_connection(Stream peer, std::shared_ptr<const ServeOptions> options, Handler handler);

// Has the runtime open the log anew on SIGHUP, and write out what it holds before a process ends.
void keep(Runtime& runtime, std::shared_ptr<AccessLog> log);

namespace detail {

// Runs a handler in the way in which it is written: one that returns no task is a fiber.
template <class Function, class... Arguments>
Task<Response> start_handler(Function& handler, Request request, Arguments&... arguments) {
  if constexpr (std::is_same_v<std::invoke_result_t<Function&, Request, Arguments&...>, Response>)
    return fiber(std::ref(handler), std::move(request), arguments...);
  else
    return handler(std::move(request), arguments...);
}

}  // namespace detail

// Calls handler(request, arguments…) for each request, with a copy of the arguments: a coroutine
// that returns Task<Response>, or a function that returns a Response and runs as a fiber. `where`
// is an Address or its text. Throws UsageError.
template <class Where, class Function, class... Arguments>
void serve(Runtime& runtime, const Where& where, ServeOptions options, Function handler,
           Arguments... arguments) {
  auto shared = std::make_shared<const ServeOptions>(std::move(options));
  if (shared->access_log) keep(runtime, shared->access_log);
  auto serve_one = [shared](Stream peer, Function each, Arguments... with) {
    Handler call = [each = std::move(each), ... with = std::move(with)](Request request) mutable {
      return detail::start_handler(each, std::move(request), with...);
    };
    return serve_connection(std::move(peer), shared, std::move(call));
  };
  runtime.serve(where, std::move(serve_one), std::move(handler), std::move(arguments)...);
}

template <class Where, class Function, class... Arguments>
  requires std::invocable<Function&, Request, Arguments&...>
void serve(Runtime& runtime, const Where& where, Function handler, Arguments... arguments) {
  serve(runtime, where, ServeOptions(), std::move(handler), std::move(arguments)...);
}

}  // namespace duet::http
