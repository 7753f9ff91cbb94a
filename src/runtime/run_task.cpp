#include "duet/runtime/run_task.hpp"

#include "duet/loop/loop.hpp"
#include "duet/runtime/model.hpp"
#include "sys/limits.hpp"

namespace duet {

void run_task(const Options& options, Task<> task) {
  Model model = Model::choose(options.model, options.engine);
  sys::ignore_broken_pipes();
  Log log;
  Loop loop(model.connection_engine(std::make_shared<io::WorkPools>()), log, options.turn_order,
            options.fibers);
  loop.run(std::move(task));
}

}  // namespace duet
