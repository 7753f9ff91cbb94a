#pragma once
// The usual server of HTTP in a test: one service on a free port of the loopback interface.

#include "duet/http/server.hpp"
#include "support/server_process.hpp"

namespace duet::test {

template <class Function, class... Arguments>
ServerProcess::Serve serving_http(const http::ServeOptions& limits, Function handler,
                                  Arguments... arguments) {
  return [=](Runtime& runtime) {
    http::serve(runtime, Address::loopback(0), limits, handler, arguments...);
  };
}

}  // namespace duet::test
