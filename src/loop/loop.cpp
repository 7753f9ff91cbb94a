#include "duet/loop/loop.hpp"

#include <algorithm>
#include <sstream>

#include "loop/fiber_host.hpp"
#include "loop/held_mutex.hpp"

namespace duet {
namespace {

[[noreturn]] void refuse(const std::string& why) noexcept {
  assertion_failed(why.c_str(), __FILE__, __LINE__);
}

void count(std::string& text, std::size_t number, std::string_view what) {
  if (number == 0) return;
  if (!text.empty()) text += ", ";
  text += fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

// Makes the loop the thread's current one, and puts back the one before: a child process runs its
// loop inside of its parent's.
class Loop::InUse {
 public:
  explicit InUse(Loop& loop) noexcept : loop_(loop), before_(loops_of_thread.running) {
    loop.check_thread();
    loop.is_in_use_ = true;
    loops_of_thread.running = &loop;
  }
  ~InUse() {
    loop_.is_in_use_ = false;
    loops_of_thread.running = before_;
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  Loop& loop_;
  LoopLocal* const before_;
};

Loop::Loop(const io::EngineFactory& make_engine, Log& log, TurnOrder order, FiberLimits fibers)
    : engine_(make_engine(ready)),
      order_(order),
      fiber_limits_(fibers),
      scope_(nullptr),
      timers_(Clock::now()),
      log_(log) {
  if (loops_of_thread.running == nullptr) made_before = std::exchange(loops_of_thread.made, this);
}

Loop::~Loop() {
  check_thread();
  posts_.clear();  // they may have handles of their own
  interrupt_action_ = nullptr;
  check_end();
  LoopLocal** made = &loops_of_thread.made;
  while (*made != nullptr && *made != this) made = &(*made)->made_before;
  if (*made == this) *made = made_before;
}

Loop& Loop::current() noexcept {
  if (loops_of_thread.running == nullptr)
    refuse(
        "no loop runs on this thread; this is for tasks, or pass the Loop where one can be given");
  return static_cast<Loop&>(*loops_of_thread.running);
}

Loop* Loop::current_or_null() noexcept { return static_cast<Loop*>(loops_of_thread.running); }

void Loop::run(Task<> root) {
  refuse_second_task();
  InUse current(*this);
  begin(std::move(root));
  for (;;) {
    run_turn();
    if (has_ended()) break;
    engine_->reap(next_deadline());
  }
  take_root();
}

void Loop::start(Task<> root) {
  refuse_second_task();
  InUse current(*this);
  begin(std::move(root));
}

bool Loop::run_once(TimePoint deadline) {
  if (is_in_use_) refuse("run_once() within a task of the same loop; co_await instead");
  if (!is_running_)
    refuse("run_once() on a loop without a task; call start() first, and again after false");
  InUse current(*this);
  bool waits = !has_ended();  // start() may have been all of it
  engine_->reap(waits ? std::min(deadline, next_deadline()) : past);
  run_turn();
  if (has_ended()) {
    take_root();
    return false;
  }
  engine_->reap(past);  // what the turn has submitted begins
  return true;
}

int Loop::descriptor() const {
  int descriptor = engine_->descriptor();
  if (descriptor < 0) throw IoError(Errc::no_descriptor, "descriptor of the loop");
  return descriptor;
}

void Loop::refuse_second_task() const noexcept {
  if (is_in_use_)
    refuse(
        "run() or start() within a task of the same loop; co_await the task, or spawn it in a "
        "scope");
  if (is_running_)
    refuse(
        "run() or start() on a loop whose task has not ended; call run_once() until it is false");
}

// What is left would be released on a loop that is gone.
void Loop::check_end() const noexcept {
  if (is_running_) refuse("a loop is destroyed before its task has ended; run it to its end");
  std::string left;
  LoopCensus rest = census();
  count(left, rest.handles, "handle");
  count(left, rest.leases, "lease");
  count(left, rest.timers, "timer");
  if (left.empty()) return;
  refuse(
      fmt::format("a loop is destroyed before {} made on it (streams, listeners, files, children, "
                  "leases of buffers); destroy them first: declare them after the loop, or keep "
                  "them in its tasks",
                  left));
}

void Loop::refuse_thread() const noexcept {
  std::ostringstream why;
  why << "loop " << this << " of thread " << owner_ << " is used by thread "
      << std::this_thread::get_id()
      << "; use post() or run_on() there, or claim() if the first has done with it";
  refuse(why.str());
}

void Loop::begin(Task<> root) {
  disregard_held_mutexes();
  is_running_ = true;
  is_now_known_ = false;
  is_root_finished_ = false;
  auto finished = [](void* flag) { *static_cast<bool*>(flag) = true; };
  budget = awaits_per_job;
  frames.adopt();
  root_ = std::move(root);
  if (root_.start(&scope_, finished, &is_root_finished_)) is_root_finished_ = true;
}

// What the last task released may still be on its way out of the kernel.
bool Loop::has_ended() const noexcept {
  return is_root_finished_ && ready.empty() && to_take_down.empty() &&
         engine_->census().operations == 0;
}

void Loop::take_root() {
  is_running_ = false;
  Task<> ended = std::move(root_);
  ended.take();
}

void Loop::post(Post function) {
  std::lock_guard lock(mutex_);
  posts_.push_back(std::move(function));
  wake_for_posts();
}

void Loop::post(Job& job) noexcept {
  std::lock_guard lock(mutex_);
  posted_jobs_.push(job);
  wake_for_posts();
}

// Under the lock, so that the loop cannot have ended when it is woken.
void Loop::wake_for_posts() noexcept {
  if (has_posts_.exchange(true)) return;  // it has been woken for an earlier one
  engine_->wake();
}

void Loop::interrupt(unsigned bits) noexcept {
  interrupts_.fetch_or(bits);
  engine_->wake();
}

TimePoint Loop::now() noexcept {
  if (!is_now_known_) now_ = Clock::now();
  is_now_known_ = true;
  return now_;
}

LoopCensus Loop::census() const noexcept {
  check_thread();
  io::EngineCensus io = engine_->census();
  return {frames.alive(),
          io.operations,
          io.handles,
          timers_.size(),
          io.leases + buffers_.leased(),
          fiber_host_ == nullptr ? 0 : fiber_host_->stacks.in_use()};
}

sys::FiberStacks& Loop::fiber_stacks() { return fiber_host().stacks; }

FiberHost& Loop::fiber_host() {
  if (fiber_host_ == nullptr) fiber_host_ = std::make_unique<FiberHost>(fiber_limits_);
  return *fiber_host_;
}

TimePoint Loop::next_deadline() noexcept {
  check_thread();
  if (!ready.empty() || !to_take_down.empty() || has_posts_.load() || interrupts_.load() != 0)
    return past;
  if (fiber_host_ == nullptr) return timers_.next();
  return std::min(timers_.next(), fiber_host_->trim_idle(now()));
}

void Loop::run_turn() {
  is_now_known_ = false;
  if (interrupts_.load(std::memory_order_relaxed) != 0) interrupt_action_(interrupts_.exchange(0));
  if (has_posts_.load()) take_posts();
  if (timers_.size() > 0) timers_.advance(now());
  run_ready();
}

void Loop::take_posts() {
  std::vector<Post> posts;
  {
    std::lock_guard lock(mutex_);
    posts.swap(posts_);
    ready.append(posted_jobs_);
    has_posts_.store(false);
  }
  for (Post& post : posts) post();
}

void Loop::run_ready() {
  // What becomes ready meanwhile waits for the next turn, so that the engine gets its share.
  JobQueue batch;
  batch.append(ready);
  order_(batch);
  run_all(batch);
  run_all(to_take_down);
}

void Loop::run_all(JobQueue& jobs) {
  while (!jobs.empty()) {
    Job& job = jobs.pop();
    budget = awaits_per_job;
    job.run(job);
  }
}

}  // namespace duet
