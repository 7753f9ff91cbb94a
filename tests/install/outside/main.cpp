#include <duet/duet.hpp>

duet::Task<> hang_up(duet::Stream) { co_return; }

int main(int argc, char** argv) {
  duet::Runtime runtime(duet::Options::parse(argc, argv));
  runtime.serve("127.0.0.1:0", hang_up);
  return runtime.run();
}
