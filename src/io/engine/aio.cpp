// POSIX AIO, aio(7): the C library reads, writes and syncs files on threads of its own. It knows
// nothing else, so the rest is the reactor's: sockets wait in a selector, and opening, naming and
// calls go to the pools.
//
// There are two ways of learning that a request has ended. By signal: the handler puts the request
// on a list and wakes the loop, whatever thread it runs on. By polling: the loop asks for each
// request's state, which it does every millisecond while there are any.
//
// A signal is lost when the queue of pending signals is full (RLIMIT_SIGPENDING); then glibc puts
// EAGAIN in place of the request's result. It is lost without a trace when a part of the program
// takes the signal for itself, and under ThreadSanitizer, which keeps one of those that reach a
// thread between two of its calls. So by signal, too, the loop looks now and then. What ended with
// EAGAIN is done once more by the pool: at an offset, it does no harm. What had ended at the look
// before, too, is overdue: it completes, and from then on this engine polls. Its signal may still
// come, so the request stays until then.

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
      : notice_(notice),
        mailbox_(std::make_unique<Mailbox>(wake)),
        pool_(std::move(pools), std::move(wake)) {
    if (notice == AioNotice::signal) sys::AioRequest::accept_signals();
  }

  // A handler may be on its way out, on another thread, after its request has been collected; and
  // one of an overdue request, which nothing else would notice, may begin at any later time.
  ~AioAccess() override {
    mailbox_->is_closed.store(true);
    while (mailbox_->handlers.load() > 0) std::this_thread::yield();
    take_signalled([](Request&) {});
    if (overdue_.empty()) return;
    [[maybe_unused]] const Mailbox* of_overdue = mailbox_.release();
  }

  bool run(Operation& operation, int descriptor) override {
    bool by_signal = notice_ == AioNotice::signal;
    auto request = std::make_unique<Request>(*mailbox_, by_signal, operation, descriptor);
    // The pool's word, too, which a cancel asks for when the request has ended.
    std::ranges::fill(operation.engine_words, 0);
    if (start(*request) < 0) return pool_.run(operation, descriptor);
    operation.engine_words[request_word] = reinterpret_cast<std::uint64_t>(request.get());
    if (running_.empty()) next_look_ = after(Clock::now(), interval());
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
    take_signalled([&](Request& request) {
      if (!request.is_overdue) finish(request, returned);
    });
    if (!running_.empty()) look(returned);
  }

  bool always_wakes() const noexcept override { return false; }

  TimePoint next_look() const noexcept override { return running_.empty() ? never : next_look_; }

  void close_file(int descriptor) override { pool_.close_file(descriptor); }

 private:
  struct Request;

  // What a handler knows of the engine; left behind with requests that are overdue at the end.
  struct Mailbox {
    explicit Mailbox(std::function<void()> to) : wake(std::move(to)) {}

    const std::function<void()> wake;
    std::atomic<Request*> signalled = nullptr;
    std::atomic<int> handlers = 0;
    std::atomic<bool> is_closed = false;
  };

  struct Request : sys::AioRequest, ListNode {
    Request(Mailbox& to, bool by_signal, Operation& of, int on) noexcept
        : mailbox(to), is_signalled(by_signal), operation(of), descriptor(on) {}

    Mailbox& mailbox;
    const bool is_signalled;
    Operation& operation;  // until it is overdue
    const int descriptor;
    Ending ending = Ending::cancelled;  // if the C library says that it was
    bool had_ended = false;             // at the last look
    bool is_overdue = false;
    Request* next = nullptr;  // of those whose signal has come
  };

  Duration interval() const {
    return std::chrono::milliseconds(notice_ == AioNotice::signal ? 50 : 1);
  }

  // Negative when the request is not for the C library, or it has no room for it.
  std::int64_t start(Request& request) {
    auto ended = request.is_signalled ? push : nullptr;
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
    Mailbox& mailbox = request.mailbox;
    ++mailbox.handlers;
    if (!mailbox.is_closed.load()) {
      request.next = mailbox.signalled.load();
      while (!mailbox.signalled.compare_exchange_weak(request.next, &request)) {
      }
      mailbox.wake();
    }
    --mailbox.handlers;
  }

  void look(JobQueue& returned) {
    TimePoint now = Clock::now();
    if (now < next_look_) return;
    running_.for_each([&](Request& request) {
      std::int64_t state = request.state();
      if (state == -EINPROGRESS) return;
      if (!request.is_signalled || state == signal_lost) {
        std::unique_ptr<Request> ended(&request);
        return finish(request, returned);
      }
      if (std::exchange(request.had_ended, true)) give_up(request, returned);
    });
    next_look_ = after(now, interval());
  }

  void give_up(Request& request, JobQueue& returned) {
    notice_ = AioNotice::polling;
    finish(request, returned);
    request.is_overdue = true;
    static_cast<ListNode&>(request).unlink();
    overdue_.push_back(request);
  }

  void finish(Request& request, JobQueue& returned) {
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

  // Calls `visit(request)` for each whose signal has come, and frees it.
  template <class Visit>
  void take_signalled(Visit visit) {
    Request* signalled = mailbox_->signalled.exchange(nullptr);
    while (signalled != nullptr) {
      std::unique_ptr<Request> request(signalled);
      signalled = request->next;
      visit(*request);
    }
  }

  AioNotice notice_;
  std::unique_ptr<Mailbox> mailbox_;
  PoolAccess pool_;
  List<Request> running_;
  List<Request> overdue_;
  TimePoint next_look_ = never;
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
