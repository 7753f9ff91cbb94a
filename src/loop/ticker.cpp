#include "duet/loop/ticker.hpp"

#include <stdexcept>

#include "duet/loop/sleep.hpp"

namespace duet {

Ticker::Ticker(Delay period) : period_(period), next_(after(Loop::current().now(), period)) {
  if (period_ <= Duration::zero()) throw std::invalid_argument("a ticker's period is positive");
}

Task<std::size_t> Ticker::next() {
  Loop& loop = Loop::current();
  co_await sleep_for(next_ - loop.now());
  auto missed = (loop.now() - next_) / period_;
  next_ = after(next_ + missed * period_, period_);
  co_return static_cast<std::size_t>(missed);
}

}  // namespace duet
