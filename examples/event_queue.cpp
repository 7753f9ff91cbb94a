// Keyboard and mouse of a terminal, as in a user interface: event source (a thread that reads) ->
// queue -> task -> processing thread. Each event carries its handler. q, Ctrl-C or Ctrl-D ends it.

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <duet/duet.hpp>
#include <thread>

using namespace duet;

// Raw mode and mouse reports (xterm's, in the form of mode 1006), undone at its end, whether that
// comes by return, exception or signal. Nothing of it on a pipe.
class Terminal {
 public:
  Terminal() {
    if (!is_terminal) return;
    for (int fatal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS})
      std::signal(fatal, [](int signal) {
        restore();
        std::signal(signal, SIG_DFL);
        ::raise(signal);
      });
    termios raw = before;
    ::cfmakeraw(&raw);
    raw.c_oflag |= OPOST;  // "\n" still begins a line
    ::tcsetattr(0, TCSAFLUSH, &raw);
    write("\033[?1003;1006h");
  }
  ~Terminal() { restore(); }

 private:
  static void write(std::string_view text) { (void)!::write(1, text.data(), text.size()); }
  static void restore() {
    if (!is_terminal) return;
    write("\033[?1003;1006l");
    ::tcsetattr(0, TCSAFLUSH, &before);
  }

  static inline termios before{};
  static inline const bool is_terminal = ::tcgetattr(0, &before) == 0;
};

void print(std::string text) { fmt::print("{}\n", text), std::fflush(stdout); }

// Whether more comes at once: a terminal sends a report in one piece. The key Escape alone is a
// single byte.
bool has_more() {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 50) > 0;  // milliseconds
}

// The rest of "\033[<button;column;row" and then M, pressed, or m, released. What begins with an
// Escape and is none is a key.
std::string read_report() {
  std::string report;
  for (char next = 0; has_more() && ::read(0, &next, 1) == 1;) {
    report += next;
    bool is_introduction = report == "[" || report == "O";
    if (next >= '@' && !is_introduction) break;  // a letter ends it
  }
  int button = 0, column = 0, row = 0;
  char what = 0;
  if (std::sscanf(report.c_str(), "[<%d;%d;%d%c", &button, &column, &row, &what) != 4)
    return "key Escape" + report;
  if ((button & 64) != 0) return fmt::format("mouse wheel turned at {},{}", column, row);
  const char* verb = (button & 32) != 0 ? "moved" : what == 'M' ? "pressed" : "released";
  return fmt::format("mouse {} at {},{}, button {}", verb, column, row, button & 3);
}

void read_events(EventQueue& events, int& dropped) {
  for (char key = 0; ::read(0, &key, 1) == 1 && key != 'q' && key != 3 && key != 4;) {
    std::string text = key == '\033' ? read_report() : fmt::format("key {:?}", key);
    dropped += events.offer([text] { print(text); }) != Offered::accepted ? 1 : 0;
  }
  events.close();
}

int main(int argc, char** argv) {
  Options options = Options::parse(argc, argv);  // may exit
  Terminal terminal;
  EventQueue events(1024);
  int dropped = 0;
  std::jthread source(read_events, std::ref(events), std::ref(dropped));
  run_task(options, events.handle_by(Work("events"), 1));
  source.join();
  print(fmt::format("the end; {} dropped", dropped));
}
