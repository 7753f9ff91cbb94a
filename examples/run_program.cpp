// A server that lets a program work: it sends each connection's bytes through `sort -u` and gives
// back what comes out. Input and output run side by side, since either pipe may be full.

#include <array>
#include <duet/duet.hpp>

using namespace duet;
using namespace std::chrono_literals;

Task<> pump(Stream& from, Stream& to) {
  std::array<std::byte, 16384> buffer;
  for (;;) {
    std::size_t n = co_await from.read_some(buffer);
    if (n == 0) break;
    co_await to.write_all(std::span(buffer).first(n));
  }
  to.finish();
}

Task<> sort_lines(Stream peer) {
  Command command({"sort", "-u"});
  command.input = Command::Channel::pipe;
  command.output = Command::Channel::pipe;
  Child sort = co_await Child::start(command);
  co_await within(60s, all(pump(peer, sort.input()), pump(sort.output(), peer)));
  ExitStatus status = co_await sort.wait();
  if (!status.is_success()) throw std::runtime_error("sort: " + status.text());
}

int main(int argc, char** argv) {
  Runtime runtime(Options::parse(argc, argv));
  runtime.serve("127.0.0.1:7002", sort_lines);
  return runtime.run();
}
