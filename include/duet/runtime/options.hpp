#pragma once
// How a runtime runs. A program fills it in itself or takes it from its command line.

#include <string>
#include <vector>

#include "duet/base/time.hpp"
#include "duet/loop/turn_order.hpp"
#include "duet/sys/fiber_stacks.hpp"

namespace duet {

struct Options {
  // Takes --listen, --model, --engine, --workers, --drain and --turn-order from the command line.
  // Anything else, or a model that cannot be had, is wrong usage: a line on standard error and exit
  // code 2; --help prints the options and exits with 0.
  static Options parse(int argc, char** argv);

  // The same for a program with arguments of its own: what is no option of duet's goes to `rest`,
  // in order.
  static Options parse(int argc, char** argv, std::vector<std::string>& rest);

  // Where to listen: what --listen says, else `otherwise`.
  std::string listen_or(const std::string& otherwise) const {
    return listen.empty() ? otherwise : listen;
  }

  std::string listen;
  std::string model = "auto";
  std::string engine;    // empty: the model's own
  unsigned workers = 0;  // threads with loops, or under pool for the loops; 0: 1, or under pool as
                         // many as there are processors, at least 2. For models that have them
  TurnOrder turn_order = fifo_order;                   // matters where connections share a loop
  FiberLimits fibers;                                  // of each loop
  Delay drain = std::chrono::seconds(10);              // how long what runs may go on at the end
  std::size_t connections_max = 10000;                 // of a worker; more wait for one to be idle
  std::size_t connections_per_address_max = SIZE_MAX;  // of one IP address; more are closed
};

// Reads "fifo", "priority" or "deadline"; throws std::invalid_argument.
TurnOrder parse_turn_order(const std::string& text);

// Reads "10s", "250ms", "2m" or a plain number of seconds; throws std::invalid_argument.
Duration parse_duration(const std::string& text);

}  // namespace duet
