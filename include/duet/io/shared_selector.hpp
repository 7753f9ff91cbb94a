#pragma once
// One epoll(7) for many loops, none of which has a thread of its own. Each loop has a Share, which
// is the selector of its reactor. A loop with nothing to do is parked; when one of its descriptors
// becomes ready, its deadline comes or somebody wakes it, one of the threads that take() claims it,
// runs it, and parks it again. A loop is claimed by one thread at a time.
//
// Descriptors are registered one-shot, so that one event is taken by one thread.

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "duet/base/list.hpp"
#include "duet/io/selector_mechanism.hpp"

namespace duet::io {

class SharedSelector {
 public:
  class Share;

  SharedSelector();
  ~SharedSelector();
  SharedSelector(const SharedSelector&) = delete;
  SharedSelector& operator=(const SharedSelector&) = delete;

  // Waits for a loop that has something to do and claims it; nullptr after end(). Any thread.
  Share* take();

  // Ends every take(), now and later.
  void end();

 private:
  struct Entry {
    Share* share = nullptr;
    std::uint64_t token = 0;
    std::uint32_t generation = 0;
    bool is_known_to_kernel = false;
    bool awaits[2] = {};  // by direction
  };

  // What follows is called under the lock.
  bool has_called() const noexcept { return !called_.empty() || !new_.empty(); }
  Share& claim();
  void call(Share& share);
  void call_a_thread();
  void note(std::uint64_t token, std::uint32_t events);
  void note_time();
  std::int64_t arm(int descriptor, Entry& entry);

  struct Kernel;  // what it has of the system's
  const std::unique_ptr<Kernel> kernel_;
  std::mutex mutex_;            // guards the rest
  std::vector<Entry> entries_;  // by descriptor
  List<Share> called_;          // and not claimed yet
  List<Share> new_;             // those of them that never were
  bool is_turn_of_new_ = false;
  std::multimap<TimePoint, Share*> deadlines_;
  TimePoint timer_time_ = never;
  unsigned waiting_ = 0;  // threads in take()
  bool has_ended_ = false;
};

// Belongs to who has claimed it. A new one is claimed.
class SharedSelector::Share final : public SelectorMechanism, public ListNode {
 public:
  // `owner` is for who takes it.
  Share(SharedSelector& of, void* owner) noexcept : of_(of), owner_(owner) {}
  ~Share() override;

  void* owner() const noexcept { return owner_; }

  // Gives up the claim until something happens or the deadline has come; false if something has
  // already. When it is true, another thread may have it, and may have destroyed it.
  bool park(TimePoint deadline);

  // Gives up the claim, and waits for its turn behind others.
  void queue();

  // Makes it be claimed soon. Any thread; not in a signal's handler.
  bool wake() noexcept override;

  void add(int descriptor, Events interest, std::uint64_t token) override;
  void modify(int descriptor, Events interest, std::uint64_t token) override;
  void remove(int descriptor) override;
  void rearm(int descriptor, Direction direction) override;

  // Never waits: parking does.
  std::span<const Report> wait(TimePoint deadline) override;

 private:
  friend SharedSelector;
  enum class State : unsigned char { claimed, parked, called };

  SharedSelector& of_;
  void* const owner_;
  State state_ = State::claimed;
  bool is_new_ = true;
  bool is_woken_ = false;
  std::vector<Report> noted_;
  std::vector<Report> reports_;
  std::multimap<TimePoint, Share*>::iterator deadline_;
  bool has_deadline_ = false;
};

}  // namespace duet::io
