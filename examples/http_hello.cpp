// The smallest HTTP server.

#include <duet/duet.hpp>

using namespace duet;

Task<http::Response> hello(http::Request) { co_return http::Response::text("Hello world\n"); }

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);
  Runtime runtime(options);
  http::serve(runtime, options.listen_or("127.0.0.1:8080"), hello);
  runtime.announce("http");
  return runtime.run();
}
