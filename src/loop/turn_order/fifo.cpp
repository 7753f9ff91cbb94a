#include "duet/loop/turn_order.hpp"

namespace duet {

void fifo_order(JobQueue&) {}

}  // namespace duet
