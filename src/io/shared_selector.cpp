#include "duet/io/shared_selector.hpp"

#include <array>
#include <utility>

#include "sys/call.hpp"
#include "sys/epoll.hpp"
#include "sys/event_fd.hpp"
#include "sys/fd.hpp"
#include "sys/poll.hpp"
#include "sys/timer_fd.hpp"

namespace duet::io {
namespace {

enum Token : std::uint64_t { called = UINT64_MAX, timer = UINT64_MAX - 1 };

// Registered once and never read: edge-triggered, each write of an eventfd and each expiry of a
// timer is one event, for one thread.
void watch(int epoll, int descriptor, std::uint64_t token) {
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = token}};
  sys::checked(sys::control_epoll(epoll, EPOLL_CTL_ADD, descriptor, event), "epoll_ctl");
}

}  // namespace

struct SharedSelector::Kernel {
  Kernel() : epoll(static_cast<int>(sys::checked(sys::open_epoll(), "epoll_create1"))) {
    watch(epoll.get(), event.get(), Token::called);
    watch(epoll.get(), timer.get(), Token::timer);
  }

  sys::Fd epoll;
  sys::EventFd event;
  sys::TimerFd timer;
};

SharedSelector::SharedSelector() : kernel_(std::make_unique<Kernel>()) {}

SharedSelector::~SharedSelector() = default;

SharedSelector::Share* SharedSelector::take() {
  std::array<epoll_event, 1> event;
  bool has_looked = false;  // or loops that always have something to do would let nobody in
  std::unique_lock lock(mutex_);
  while (!has_ended_) {
    if (has_looked && has_called()) return &claim();
    sys::Timeout timeout(has_called() ? past : never);
    ++waiting_;
    lock.unlock();
    std::int64_t count = sys::wait_epoll_interruptible(kernel_->epoll.get(), event, timeout);
    lock.lock();
    --waiting_;
    if (count > 0) note(event[0].data.u64, event[0].events);
    has_looked = true;
  }
  call_a_thread();  // the next one ends, too
  return nullptr;
}

// New ones take turns with the others: behind all new ones nobody would end, and when more come
// than are run, all would be begun and stay.
SharedSelector::Share& SharedSelector::claim() {
  is_turn_of_new_ = called_.empty() || (!is_turn_of_new_ && !new_.empty());
  Share& share = is_turn_of_new_ ? new_.front() : called_.front();
  static_cast<ListNode&>(share).unlink();
  share.state_ = Share::State::claimed;
  share.is_new_ = false;
  if (has_called()) call_a_thread();  // this one will be busy
  return share;
}

void SharedSelector::end() {
  std::lock_guard lock(mutex_);
  has_ended_ = true;
  call_a_thread();
}

void SharedSelector::call(Share& share) {
  share.is_woken_ = true;
  if (share.state_ != Share::State::parked) return;
  share.state_ = Share::State::called;
  (share.is_new_ ? new_ : called_).push_back(share);
}

void SharedSelector::call_a_thread() {
  if (waiting_ > 0) kernel_->event.signal();
}

void SharedSelector::note(std::uint64_t token, std::uint32_t events) {
  if (token == Token::called) return;
  if (token == Token::timer) return note_time();
  auto descriptor = static_cast<std::uint32_t>(token);
  Entry& entry = entries_[descriptor];
  if (entry.share == nullptr || entry.generation != token >> 32) return;  // removed since
  constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR;
  bool is_readable = (events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI | ended)) != 0;
  bool is_writable = (events & (EPOLLOUT | ended)) != 0;
  bool is_exceptional = (events & (EPOLLRDHUP | EPOLLPRI | ended)) != 0;
  if (is_readable) entry.awaits[0] = false;
  if (is_writable) entry.awaits[1] = false;
  bool awaits_more = entry.awaits[0] || entry.awaits[1];
  if (awaits_more && arm(static_cast<int>(descriptor), entry) < 0)
    is_readable = is_writable = true;  // the next call says why
  entry.share->noted_.push_back({entry.token, {is_readable, is_writable, is_exceptional}});
  call(*entry.share);
}

void SharedSelector::note_time() {
  TimePoint now = Clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Share& share = *deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    share.has_deadline_ = false;
    call(share);
  }
  timer_time_ = deadlines_.empty() ? never : deadlines_.begin()->first;
  kernel_->timer.set(timer_time_);
}

std::int64_t SharedSelector::arm(int descriptor, Entry& entry) {
  epoll_event event{.events = EPOLLONESHOT,
                    .data = {.u64 = std::uint64_t{entry.generation} << 32 |
                                    static_cast<std::uint32_t>(descriptor)}};
  if (entry.awaits[0]) event.events |= EPOLLIN | EPOLLPRI | EPOLLRDHUP;
  if (entry.awaits[1]) event.events |= EPOLLOUT;
  int what = std::exchange(entry.is_known_to_kernel, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  std::int64_t result = sys::control_epoll(kernel_->epoll.get(), what, descriptor, event);
  if (result < 0) entry.is_known_to_kernel = what == EPOLL_CTL_MOD;
  return result;
}

SharedSelector::Share::~Share() {
  std::lock_guard lock(of_.mutex_);
  if (has_deadline_) of_.deadlines_.erase(deadline_);
}

bool SharedSelector::Share::park(TimePoint deadline) {
  std::lock_guard lock(of_.mutex_);
  if (is_woken_) return false;
  // An earlier deadline than needed stays: to be woken in vain is cheaper than a later one for each
  // message.
  bool is_earlier = deadline != never && (!has_deadline_ || deadline < deadline_->first);
  if (is_earlier) {
    if (has_deadline_) of_.deadlines_.erase(deadline_);
    deadline_ = of_.deadlines_.emplace(deadline, this);
    has_deadline_ = true;
    if (deadline < of_.timer_time_) of_.kernel_->timer.set(of_.timer_time_ = deadline);
  }
  state_ = State::parked;
  return true;
}

void SharedSelector::Share::queue() {
  std::lock_guard lock(of_.mutex_);
  state_ = State::parked;
  of_.call(*this);
  of_.call_a_thread();
}

bool SharedSelector::Share::wake() noexcept {
  std::lock_guard lock(of_.mutex_);
  of_.call(*this);
  of_.call_a_thread();
  return true;
}

void SharedSelector::Share::add(int descriptor, Events interest, std::uint64_t token) {
  if (!interest.any()) throw IoError(sys::error_code(-EINVAL), "epoll_ctl");
  if (!sys::is_open(descriptor)) throw IoError(sys::error_code(-EBADF), "epoll_ctl");
  std::lock_guard lock(of_.mutex_);
  auto number = static_cast<std::size_t>(descriptor);
  if (number >= of_.entries_.size()) of_.entries_.resize(number + 1);
  Entry& entry = of_.entries_[number];
  if (entry.share != nullptr) throw IoError(sys::error_code(-EEXIST), "epoll_ctl");
  entry = {.share = this, .token = token, .generation = entry.generation};
}

void SharedSelector::Share::modify(int descriptor, Events interest, std::uint64_t token) {
  if (!interest.any()) throw IoError(sys::error_code(-EINVAL), "epoll_ctl");
  std::lock_guard lock(of_.mutex_);
  auto number = static_cast<std::size_t>(descriptor);
  if (number >= of_.entries_.size() || of_.entries_[number].share != this)
    throw IoError(sys::error_code(-ENOENT), "epoll_ctl");
  of_.entries_[number].token = token;
}

void SharedSelector::Share::remove(int descriptor) {
  std::lock_guard lock(of_.mutex_);
  auto number = static_cast<std::size_t>(descriptor);
  if (number >= of_.entries_.size() || of_.entries_[number].share != this) return;
  Entry& entry = of_.entries_[number];
  epoll_event ignored{};
  if (entry.is_known_to_kernel)
    sys::control_epoll(of_.kernel_->epoll.get(), EPOLL_CTL_DEL, descriptor, ignored);
  entry = {.generation = entry.generation + 1};
}

void SharedSelector::Share::rearm(int descriptor, Direction direction) {
  std::lock_guard lock(of_.mutex_);
  auto number = static_cast<std::size_t>(descriptor);
  if (number >= of_.entries_.size() || of_.entries_[number].share != this)
    throw IoError(sys::error_code(-ENOENT), "epoll_ctl");
  Entry& entry = of_.entries_[number];
  if (std::exchange(entry.awaits[direction == Direction::read ? 0 : 1], true)) return;
  sys::checked(of_.arm(descriptor, entry), "epoll_ctl");
}

std::span<const Report> SharedSelector::Share::wait(TimePoint) {
  std::lock_guard lock(of_.mutex_);
  is_woken_ = false;
  reports_.clear();
  reports_.swap(noted_);
  return reports_;
}

}  // namespace duet::io
