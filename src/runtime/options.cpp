#include "duet/runtime/options.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "duet/runtime/model.hpp"

namespace duet {
namespace {

constexpr const char* usage =
    "options:\n"
    "  --listen ADDRESS 127.0.0.1:8080, [::1]:8080 or unix:PATH; port 0 picks one\n"
    "  --model NAME     single, process, thread, pool, spin, select, signal, poll, epoll,\n"
    "                   aio, uring or auto (the default)\n"
    "  --engine NAME    the engine of each loop, where it is not the model's own\n"
    "  --workers N      threads with a loop each; under pool, threads for the loops\n"
    "  --drain TIME     how long what runs may go on after SIGTERM (10s)\n"
    "  --turn-order O   fifo (the default), priority or deadline: whose turn it is on a loop\n";

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "duet: %s (--help lists the options)\n", why.c_str());
  std::exit(2);
}

template <class Number>
Number parse_number(std::string_view text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    throw std::invalid_argument("'" + std::string(text) + "' is not a number");
  return number;
}

constexpr bool is_known(std::string_view name) {
  return name == "--listen" || name == "--model" || name == "--engine" || name == "--workers" ||
         name == "--drain" || name == "--turn-order";
}

void set(Options& options, std::string_view name, const std::string& value) {
  if (name == "--listen") {
    options.listen = value;
  } else if (name == "--model") {
    options.model = value;
  } else if (name == "--engine") {
    options.engine = value;
  } else if (name == "--workers") {
    options.workers = parse_number<unsigned>(value);
    if (options.workers == 0) throw std::invalid_argument("--workers must be at least 1");
  } else if (name == "--drain") {
    options.drain = parse_duration(value);
  } else if (name == "--turn-order") {
    options.turn_order = parse_turn_order(value);
  }
}

}  // namespace

TurnOrder parse_turn_order(const std::string& text) {
  for (const NamedTurnOrder& known : turn_orders)
    if (known.name == text) return known.order;
  throw std::invalid_argument("'" + text +
                              "' is no turn order; there are fifo, priority and deadline");
}

Duration parse_duration(const std::string& text) {
  std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string::npos) digits = text.size();
  std::string_view unit = std::string_view(text).substr(digits);
  auto count = parse_number<std::int64_t>(std::string_view(text).substr(0, digits));
  if (count > 1'000'000'000) throw std::invalid_argument("'" + text + "' is too long a time");
  if (unit == "ms") return std::chrono::milliseconds(count);
  if (unit == "s" || unit.empty()) return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  throw std::invalid_argument("'" + text + "' is not a time; write 250ms, 10s or 2m");
}

Options Options::parse(int argc, char** argv) {
  std::vector<std::string> rest;
  Options options = parse(argc, argv, rest);
  if (!rest.empty()) refuse("'" + rest.front() + "' is unknown");
  return options;
}

Options Options::parse(int argc, char** argv, std::vector<std::string>& rest) {
  Options options;
  try {
    for (int i = 1; i < argc; ++i) {
      std::string_view argument = argv[i];
      if (argument == "--help") {
        std::printf("usage: %s [options]\n%s", argv[0], usage);
        std::exit(0);
      }
      std::size_t equals = argument.find('=');
      if (!is_known(argument.substr(0, equals)))
        rest.emplace_back(argument);
      else if (equals != argument.npos)
        set(options, argument.substr(0, equals), std::string(argument.substr(equals + 1)));
      else if (i + 1 < argc)
        set(options, argument, argv[++i]);
      else
        throw std::invalid_argument("'" + std::string(argument) + "' lacks a value");
    }
    Model::choose(options.model, options.engine);
  } catch (const std::invalid_argument& error) {
    refuse(error.what());
  } catch (const UnavailableModel& error) {
    refuse(error.what());
  }
  return options;
}

}  // namespace duet
