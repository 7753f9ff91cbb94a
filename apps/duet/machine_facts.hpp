#pragma once
// Everything that duet doctor judges, read once. A number that the system does not show, as in many
// containers, is absent.

#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "duet/sys/machine.hpp"

namespace duet::app {

// One model with one engine. A pair that does not exist has a reason, and no cure.
struct PairFacts {
  std::string model;
  std::string engine;
  bool is_own = false;  // the engine that the model has unless it is told otherwise
  bool exists = true;
  bool is_available = true;
  std::string reason;
  std::string cure;
  std::error_code code;
  bool is_for_comparison = false;
};

struct MachineFacts {
  std::string kernel;                 // "6.1.0-18-amd64"
  std::vector<std::string> versions;  // "duet 0.1.0", "fmt 9.1.0"
  bool is_filtered = false;           // by seccomp(2)
  std::vector<PairFacts> pairs;
  std::string taken_by_auto;  // empty: no selector works

  unsigned cores = 0;
  std::optional<double> cores_of_quota;

  sys::Limit descriptors;
  sys::Limit pending_signals;
  sys::Limit locked_bytes;
  std::optional<long> descriptors_of_a_process;  // fs.nr_open: what a hard limit may be at most
  std::optional<long> io_uring_disabled;

  std::optional<long> somaxconn;
  std::optional<long> first_port, last_port;
  std::optional<long> tcp_syncookies;
  std::optional<long> tcp_fin_timeout;
  std::optional<long> tcp_tw_reuse;
  std::optional<long> tcp_tw_recycle;
  std::optional<long> sockets_in_time_wait;
};

MachineFacts read_machine_facts();

}  // namespace duet::app
