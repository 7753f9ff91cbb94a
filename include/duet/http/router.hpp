#pragma once
// Chooses a handler by method and path; a handler itself.
//
//   http::Router router;
//   router.get("/", home).get("/users/{id}", show_user).put("/files/{path...}", upload);
//   http::serve(runtime, "127.0.0.1:8080", router);
//
// A pattern's segment is a text, a {name} for exactly one non-empty segment, or at the end a
// {name...} for the whole rest, slashes included and maybe empty; Request::parameter has what they
// stand for, and what it may hold. Of several patterns that fit, a text wins over a {name} and that
// over a {name...}, from left to right; the order of adding does not matter. GET answers HEAD, too.
// A path that fits with another method is answered with 405 and Allow (OPTIONS with 204 and Allow;
// OPTIONS * with the methods of all), one that fits nothing with 404. Made before serving; then any
// thread. Copies share the routes.

#include <functional>
#include <memory>
#include <string_view>

#include "duet/http/server.hpp"

namespace duet::http {

class Router {
 public:
  Router();

  // `method` is a name such as "GET" or "PROPFIND". The handler is called with the request and a
  // copy of the arguments. Throws std::invalid_argument for a pattern that is none, has more than
  // Exchange::parameters_cap parts with a name, or is there already.
  template <class Function, class... Arguments>
  Router& on(std::string_view method, std::string_view pattern, Function handler,
             Arguments... arguments) {
    add(method, pattern,
        [handler = std::move(handler), ... with = std::move(arguments)](Request request) mutable {
          return handler(request, with...);
        });
    return *this;
  }
  template <class... Rest>
  Router& get(std::string_view pattern, Rest... rest) {
    return on("GET", pattern, std::move(rest)...);
  }
  template <class... Rest>
  Router& post(std::string_view pattern, Rest... rest) {
    return on("POST", pattern, std::move(rest)...);
  }
  template <class... Rest>
  Router& put(std::string_view pattern, Rest... rest) {
    return on("PUT", pattern, std::move(rest)...);
  }
  template <class... Rest>
  Router& remove(std::string_view pattern, Rest... rest) {
    return on("DELETE", pattern, std::move(rest)...);
  }

  Task<Response> operator()(Request request) const;

 private:
  struct Route;

  void add(std::string_view method, std::string_view pattern, Handler handler);

  std::shared_ptr<std::vector<Route>> routes_;
};

}  // namespace duet::http
