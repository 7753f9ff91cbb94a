// POSIX AIO, aio(7): the C library reads, writes and syncs files on threads of its own. It knows
// nothing else, so the rest is the reactor's: sockets wait in a selector, and opening, naming and
// calls go to the pools.
//
// There are two ways of learning that a request has ended. By signal: the handler puts the request
// on a list and wakes the loop, whatever thread it runs on. By polling: the loop asks for each
// request's state, which it does every millisecond while there are any. A signal is lost when the
// queue of pending signals is full (RLIMIT_SIGPENDING); then glibc puts EAGAIN in place of the
// request's result. So by signal, too, the loop looks now and then, and has what was lost done
// once more by the pool: at an offset, it does no harm.

#include "sys/aio.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "duet/io/engines.hpp"
#include "io/engine/reactor.hpp"
#include "io/pool_access.hpp"

namespace duet::io {
namespace {

constexpr std::size_t request_word = 0;  // in an operation's engine_words: its Request
constexpr std::int64_t signal_lost = -EAGAIN;

class AioAccess final : public DiskAccess {
 public:
  AioAccess(std::shared_ptr<WorkPools> pools, std::function<void()> wake, AioNotice notice)
      : wake_(wake),
        notice_(notice),
        interval_(std::chrono::milliseconds(notice == AioNotice::signal ? 50 : 1)),
        pool_(std::move(pools), std::move(wake)) {
    if (notice == AioNotice::signal) sys::AioRequest::accept_signals();
  }

  // A handler may be on its way out, on another thread, after its request has been collected.
  ~AioAccess() override {
    while (handlers_.load() > 0) std::this_thread::yield();
  }

  bool run(Operation& operation, int descriptor) override {
    auto request = std::make_unique<Request>(*this, operation, descriptor);
    // The pool's word, too, which a cancel asks for when the request has ended.
    std::ranges::fill(operation.engine_words, 0);
    if (start(*request) < 0) return pool_.run(operation, descriptor);
    operation.engine_words[request_word] = reinterpret_cast<std::uint64_t>(request.get());
    if (running_.empty()) next_look_ = after(Clock::now(), interval_);
    running_.push_back(*request.release());
    return true;
  }

  void cancel(Operation& operation, Ending why) override {
    auto* request = reinterpret_cast<Request*>(operation.engine_words[request_word]);
    if (request == nullptr) return pool_.cancel(operation, why);
    request->ending = why;
    request->cancel();
  }

  void collect(JobQueue& returned) override {
    pool_.collect(returned);
    Request* signalled = signalled_.exchange(nullptr);
    while (signalled != nullptr) {
      Request& request = *signalled;
      signalled = request.next;
      finish(request, returned);
    }
    if (!running_.empty()) look(returned);
  }

  bool always_wakes() const noexcept override { return false; }

  TimePoint next_look() const noexcept override { return running_.empty() ? never : next_look_; }

  void close_file(int descriptor) override { pool_.close_file(descriptor); }

 private:
  struct Request : sys::AioRequest, ListNode {
    Request(AioAccess& by, Operation& of, int on) noexcept
        : access(by), operation(of), descriptor(on) {}

    AioAccess& access;
    Operation& operation;
    const int descriptor;
    Ending ending = Ending::cancelled;  // if the C library says that it was
    Request* next = nullptr;            // of those that were signalled
  };

  // Negative when the request is not for the C library, or it has no room for it.
  std::int64_t start(Request& request) {
    auto ended = notice_ == AioNotice::signal ? push : nullptr;
    Operation& operation = request.operation;
    int file = request.descriptor;
    if (operation.kind == Kind::read_at) {
      auto& read = static_cast<ReadAt&>(operation);
      return request.read(file, read.buffer, read.offset_bytes, ended);
    }
    if (operation.kind == Kind::write_at) {
      auto& write = static_cast<WriteAt&>(operation);
      if (write.appends) return -EINVAL;
      return request.write(file, write.rest(), write.position(), ended);
    }
    if (operation.kind == Kind::change_file) {
      FileChange change = static_cast<ChangeFile&>(operation).change;
      if (change == FileChange::sync || change == FileChange::sync_data)
        return request.sync(file, change == FileChange::sync_data, ended);
    }
    return -EOPNOTSUPP;
  }

  // In a signal's handler.
  static void push(sys::AioRequest& ended) noexcept {
    auto& request = static_cast<Request&>(ended);
    AioAccess& access = request.access;
    ++access.handlers_;
    request.next = access.signalled_.load();
    while (!access.signalled_.compare_exchange_weak(request.next, &request)) {
    }
    access.wake_();
    --access.handlers_;
  }

  void look(JobQueue& returned) {
    TimePoint now = Clock::now();
    if (now < next_look_) return;
    next_look_ = after(now, interval_);
    running_.for_each([&](Request& request) {
      std::int64_t state = request.state();
      bool will_be_signalled = notice_ == AioNotice::signal && state != signal_lost;
      if (state != -EINPROGRESS && !will_be_signalled) finish(request, returned);
    });
  }

  void finish(Request& request, JobQueue& returned) {
    std::unique_ptr<Request> ended(&request);
    Operation& operation = request.operation;
    operation.engine_words[request_word] = 0;
    std::int64_t result = request.state();
    if (result == signal_lost && pool_.run(operation, request.descriptor)) return;
    if (operation.kind == Kind::write_at && result >= 0) {
      auto& write = static_cast<WriteAt&>(operation);
      write.transferred += static_cast<std::size_t>(result);
      if (!write.rest().empty() && pool_.run(operation, request.descriptor)) return;
    }
    if (result == -ECANCELED)
      operation.finish(request.ending);
    else if (operation.ending == Ending::none)
      operation.finish(result);
    returned.push(operation);
  }

  std::function<void()> wake_;
  const AioNotice notice_;
  const Duration interval_;
  PoolAccess pool_;
  List<Request> running_;
  TimePoint next_look_ = never;
  std::atomic<Request*> signalled_ = nullptr;
  std::atomic<int> handlers_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_aio_engine(JobQueue& completed,
                                        std::unique_ptr<SelectorMechanism> selector,
                                        std::shared_ptr<WorkPools> pools, AioNotice notice) {
  auto make_access = [&pools, notice](std::function<void()> wake) {
    return std::make_unique<AioAccess>(std::move(pools), std::move(wake), notice);
  };
  return make_reactor(completed, std::move(selector), make_access);
}

}  // namespace duet::io
