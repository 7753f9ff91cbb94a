// The TCP echo server of echo.cpp with callbacks, twice: each handler ends where it would wait, and
// says what is to be called then. What a coroutine or a fiber keeps on its stack meanwhile has to
// be kept by hand, and the loop becomes functions that start each other: "stack ripping", Adya et
// al., Cooperative Task Management Without Manual Stack Management, USENIX 2002.
// --state record takes the second way.

#include <array>
#include <duet/duet.hpp>

using namespace duet;

using Count = std::expected<std::size_t, std::error_code>;

// The state is an object, and what is to be done next are closures that point to it.
class Echo {
 public:
  explicit Echo(Stream peer) : peer_(std::move(peer)) { read(); }

 private:
  void read() {
    start(peer_.read_some(buffer_), [this](auto count) {
      if (count && *count > 0) write(*count);  // or nothing is started, and the connection ends
    });
  }
  void write(std::size_t count) {
    start(peer_.write_all(std::span(buffer_).first(count)), [this](auto sent) {
      if (sent) read();
    });
  }

  Stream peer_;
  std::array<std::byte, 4096> buffer_;
};

// The state is a record that is carried from function to function; the last one drops it.
struct Record {
  Stream peer;
  std::array<std::byte, 4096> buffer;
};
using Carried = std::unique_ptr<Record>;

void on_read(Carried state, Count count);
void on_written(Carried state, Count sent);

void start_reading(Carried state) {
  Record& at = *state;
  start(at.peer.read_some(at.buffer), std::bind_front(on_read, std::move(state)));
}

void on_read(Carried state, Count count) {
  if (!count || *count == 0) return;
  Record& at = *state;
  auto bytes = std::span(at.buffer).first(*count);
  start(at.peer.write_all(bytes), std::bind_front(on_written, std::move(state)));
}

void on_written(Carried state, Count sent) {
  if (sent) start_reading(std::move(state));
}

Task<> echo_with_record(Stream peer) {
  return callbacks(start_reading, Carried(new Record{std::move(peer), {}}));
}

int main(int argc, char** argv) {
  std::vector<std::string> rest;
  Options options = Options::parse(argc, argv, rest);
  using Words = std::vector<std::string>;
  if (!rest.empty() && rest != Words{"--state", "record"} && rest != Words{"--state", "closures"}) {
    fmt::print(stderr, "usage: {} [--state closures|record] [options; see --help]\n", argv[0]);
    return 2;
  }
  Runtime runtime(options);
  std::string listen = options.listen_or("127.0.0.1:7000");
  if (rest == std::vector<std::string>{"--state", "record"})
    runtime.serve(listen, echo_with_record);
  else
    runtime.serve(listen, by_callbacks<Echo>);
  runtime.announce("tcp");
  return runtime.run();
}
