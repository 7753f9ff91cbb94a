#pragma once
// A class of work that keeps a thread busy for longer than a loop may wait: disk calls, name
// look-ups, computations. Each class has threads and a queue of its own, so that none holds up
// another. A class is a constant of the program:
//
//   constexpr Work thumbnails("thumbnails", 2, 8);
//
// Its pool is made at its first use and lives as long as the runtime; classes of the same name
// share the pool of the one that was used first.

#include <cstddef>
#include <stop_token>

#include "duet/base/time.hpp"

namespace duet {

struct Work {
  constexpr explicit Work(const char* of_name, unsigned threads_at_once = 1,
                          unsigned most_threads = 4, std::size_t most_waiting = 1024) noexcept
      : name(of_name),
        threads(threads_at_once),
        threads_max(most_threads),
        waiting_max(most_waiting) {}

  static const Work disk, names, compute;

  const char* name;         // a string literal
  unsigned threads;         // started as soon as there is work for them; 0: one per processor
  unsigned threads_max;     // started when work has waited for `grow_after`
  std::size_t waiting_max;  // more is refused: Errc::queue_full; 0: what no thread can take at
                            // once, of which there are threads_max from the start
  Delay grow_after = std::chrono::milliseconds(5);
  Delay idle_time = std::chrono::seconds(10);  // a thread without work ends after this
};

inline constexpr Work Work::disk("disk", 4, 16, 32768);
inline constexpr Work Work::names("names", 2, 16);
inline constexpr Work Work::compute("compute", 0, 0);

// What a function that is carried out elsewhere may know of those who wait for its result.
struct WorkOrder {
  TimePoint deadline = never;  // of the operation or the scope that waits, the earlier
  std::stop_token stop;        // set when nobody needs the result any more
};

}  // namespace duet
