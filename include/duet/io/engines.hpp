#pragma once
// How each engine is built. Call them on the thread that runs the loop; they throw IoError when the
// system refuses what the engine needs.

#include <memory>

#include "duet/io/engine.hpp"
#include "duet/io/selector_mechanism.hpp"
#include "duet/io/work_pool.hpp"

namespace duet::io {

// Waits inside the calls themselves: recv(2), send(2), or poll(2) when there are several.
std::unique_ptr<Engine> make_blocking_engine(JobQueue& completed);

// Tries each call and waits in `selector` (made with Trigger::once) when it would block. Disk
// operations that the page cache cannot answer, and calls, go to `pools`.
std::unique_ptr<Engine> make_reactor_engine(JobQueue& completed,
                                            std::unique_ptr<SelectorMechanism> selector,
                                            std::shared_ptr<WorkPools> pools);

// How the end of a request of POSIX AIO is learned.
enum class AioNotice : unsigned char { signal, polling };

// A reactor whose files are read, written and synced by POSIX AIO.
std::unique_ptr<Engine> make_aio_engine(JobQueue& completed,
                                        std::unique_ptr<SelectorMechanism> selector,
                                        std::shared_ptr<WorkPools> pools, AioNotice notice);

// Hands each call to the kernel, io_uring(7), which completes it. The ring has room for `entries`
// new operations a turn and eight times as many completions; more are slower, none is lost. What
// the ring cannot do (reading a directory, starting a program, calls) goes to `pools`.
std::unique_ptr<Engine> make_uring_engine(JobQueue& completed, unsigned entries,
                                          std::shared_ptr<WorkPools> pools);

}  // namespace duet::io
