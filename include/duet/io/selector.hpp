#pragma once
// A Selector waits until descriptors are ready: an event loop by hand needs no more, and nothing
// else of duet. The semantics are those of Python's selectors. It keeps a Key for each descriptor,
// with data of yours; how it waits is a SelectorMechanism's matter, which is chosen by name.
//
// It belongs to one thread, under signal to the one that made it: EPERM in a wait of another, and
// EBUSY for a second one of a thread. A call of another during a wait throws Errc::busy. To have
// something added from elsewhere, let the thread add a pipe's end to wake it by, and write to the
// other end. It owns no descriptor: remove one before you close it, or soon after, before its
// number is used again. One that is closed and not removed is silent; but while a duplicate of it
// is open epoll goes on reporting it. A forked child has a copy, which it may use and destroy
// without the parent's noticing: it waits in a set of its own.
//
// Level-triggered: reports a descriptor for as long as it is ready. With Trigger::once it reports
// once, and again only after rearm.
//
// Errors are thrown as IoError and leave the selector as it was: EEXIST added twice, ENOENT not
// added, EINVAL no events, EBADF negative or closed, EPERM for what cannot be waited for (under
// epoll and signal, a regular file), Errc::descriptor_too_high under select, Errc::closed,
// Errc::busy.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <concepts>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "duet/base/error.hpp"
#include "duet/base/time.hpp"
#include "duet/io/selector_mechanism.hpp"

namespace duet {

using io::Direction;
using io::Events;
using io::Trigger;

// A descriptor, or anything that has one: it must stay, and keep its number, while it is added.
template <class T>
concept Watchable = std::same_as<T, int> || requires(const T& object) {
  { object.fd() } -> std::convertible_to<int>;
};

template <class Data = std::monostate>
class Selector {
 public:
  struct Key {
    int fd;
    Events events;  // that are waited for
    Data data;
  };

  // What was seen of `key.events`. An error or a hang-up is exceptional whether asked for or not.
  // The end of the peer's side alone is so for who asked for readable or exceptional: who waits
  // for room would be told of it for ever. Under select an end is readable and never exceptional,
  // so who does not ask for readable hears of none, and of an error only if it asked for writable.
  struct Ready {
    const Key& key;
    Events events;
  };

  // What a wait has found, good until the next. What is removed meanwhile drops out of it.
  class ReadyList;

  // By the best mechanism that works: epoll, else poll, else select.
  explicit Selector(Trigger trigger = Trigger::level)
      : Selector(io::default_mechanism(), trigger) {}

  // By name: epoll, poll, select, signal or spin. Throws std::invalid_argument for another.
  explicit Selector(std::string_view mechanism, Trigger trigger = Trigger::level)
      : Selector(io::find_mechanism(mechanism), trigger) {}

  std::string_view mechanism() const noexcept { return which_->name; }

  // Returns the key, which stays until it is removed.
  template <Watchable Watched>
  const Key& add(const Watched& watched, Events events, Data data = Data()) {
    int fd = fd_of(watched);
    io::SelectorMechanism& mechanism = opened();
    if (!events.any()) fail(EINVAL, fd);
    if (entries_.contains(fd)) fail(EEXIST, fd);
    auto added = entries_.try_emplace(fd, Key{fd, events, std::move(data)}, ++generations_).first;
    try {
      register_with(mechanism, added->second);
    } catch (...) {
      entries_.erase(added);
      throw;
    }
    return added->second.key;
  }

  // If the system refuses that, the descriptor is removed.
  template <Watchable Watched>
  void modify(const Watched& watched, Events events) {
    change(find_entry(fd_of(watched)), events);
  }
  template <Watchable Watched>
  void modify(const Watched& watched, Events events, Data data) {
    Entry& entry = find_entry(fd_of(watched));
    change(entry, events);
    entry.key.data = std::move(data);
  }

  // Costs no system call.
  template <Watchable Watched>
  void modify_data(const Watched& watched, Data data) {
    find_entry(fd_of(watched)).key.data = std::move(data);
  }

  // Also of what was closed. Nothing more is reported of it, even if it was ready already.
  template <Watchable Watched>
  Key remove(const Watched& watched) {
    int fd = fd_of(watched);
    Key key = std::move(find_entry(fd).key);
    mechanism_->remove(fd);
    entries_.erase(fd);
    return key;
  }

  // Nothing if it was not added.
  template <Watchable Watched>
  const Key* find(const Watched& watched) const {
    auto found = entries_.find(fd_of(watched));
    return found == entries_.end() ? nullptr : &found->second.key;
  }

  // All keys, in no order: a view that shows what is added, always.
  auto keys() const noexcept {
    return std::views::transform(entries_,
                                 [](const auto& entry) -> const Key& { return entry.second.key; });
  }
  std::size_t size() const noexcept { return entries_.size(); }

  // Returns when something is ready, or after the time, not before; zero or less only looks. A
  // signal's handler that returns does not end it.
  ReadyList wait(Delay timeout) {
    Duration time = timeout;
    return wait_until(time <= Duration::zero() ? past : after(Clock::now(), time));
  }
  ReadyList wait() { return wait_until(never); }

  // Under Trigger::once, to hear of the direction again. Call it only after a call said EAGAIN.
  template <Watchable Watched>
  void rearm(const Watched& watched, Direction direction) {
    opened().rearm(find_entry(fd_of(watched)).key.fd, direction);
  }

  // A descriptor that is readable when a wait would report something, to wait for it elsewhere, in
  // another Selector or on a loop. Ask before each such wait, since it may change in a wait of this
  // one. Only epoll has one: Errc::no_descriptor.
  int fd() const {
    int descriptor = opened().descriptor();
    if (descriptor < 0) throw IoError(Errc::no_descriptor, "selector");
    return descriptor;
  }

  // Forgets all: there are no keys any more, and what follows throws Errc::closed, except another
  // close.
  void close() {
    if (mechanism_) opened();
    mechanism_.reset();
    entries_.clear();
  }

 private:
  struct Entry {
    Entry(Key with, std::uint32_t number) : key(std::move(with)), generation(number) {}
    Key key;
    std::uint32_t generation;  // tells this key's reports from those of an earlier one
  };

  Selector(const io::NamedMechanism& which, Trigger trigger)
      : which_(&which), trigger_(trigger), mechanism_(which.make(trigger)) {}

  template <class Watched>
  static int fd_of(const Watched& watched) {
    if constexpr (std::same_as<Watched, int>)
      return watched;
    else
      return watched.fd();
  }

  [[noreturn]] static void fail(int error, int fd) {
    throw IoError({error, std::system_category()}, "selector, descriptor",
                  [fd] { return std::to_string(fd); });
  }

  [[noreturn]] static void refuse_as_busy() { throw IoError(Errc::busy, "selector"); }

  io::SelectorMechanism& opened() const {
    if (forks_ != io::fork_count()) part_from_parent();
    if (std::atomic_ref(is_waiting_).load()) refuse_as_busy();
    if (!mechanism_) throw IoError(Errc::closed, "selector");
    return *mechanism_;
  }

  Entry& find_entry(int fd) {
    opened();
    auto found = entries_.find(fd);
    if (found == entries_.end()) fail(ENOENT, fd);
    return found->second;
  }

  void register_with(io::SelectorMechanism& mechanism, const Entry& entry) const {
    const auto& [fd, events, data] = entry.key;
    mechanism.add(fd, events, token_of(entry));
    arm(mechanism, entry.key);
  }

  void arm(io::SelectorMechanism& mechanism, const Key& key) const {
    if (trigger_ != Trigger::once) return;
    if (key.events.readable || key.events.exceptional) mechanism.rearm(key.fd, Direction::read);
    if (key.events.writable) mechanism.rearm(key.fd, Direction::write);
  }

  void change(Entry& entry, Events events) {
    if (!events.any()) fail(EINVAL, entry.key.fd);
    if (events == entry.key.events) return;
    int fd = entry.key.fd;
    try {
      mechanism_->modify(fd, events, token_of(entry));
    } catch (...) {
      mechanism_->remove(fd);
      entries_.erase(fd);
      throw;
    }
    entry.key.events = events;
    arm(*mechanism_, entry.key);
  }

  static std::uint64_t token_of(const Entry& entry) {
    return std::uint64_t{entry.generation} << 32 | static_cast<std::uint32_t>(entry.key.fd);
  }

  const Entry* find_reported(const io::Report& report) const {
    auto found = entries_.find(static_cast<int>(report.token & UINT32_MAX));
    if (found == entries_.end() || token_of(found->second) != report.token) return nullptr;
    return &found->second;
  }

  static Events of_interest(const Key& key, Events seen) {
    return {.readable = seen.readable && key.events.readable,
            .writable = seen.writable && key.events.writable,
            .exceptional = seen.exceptional};
  }

  // While it lives a wait is under way.
  class Waiting {
   public:
    explicit Waiting(bool& is_waiting) : is_waiting_(is_waiting) {
      if (is_waiting_.exchange(true)) refuse_as_busy();
    }
    ~Waiting() { is_waiting_.store(false); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    std::atomic_ref<bool> is_waiting_;
  };

  std::span<const io::Report> wait_once(TimePoint deadline) {
    io::SelectorMechanism& mechanism = opened();
    Waiting waiting(is_waiting_);
    return mechanism.wait(deadline);
  }

  ReadyList wait_until(TimePoint deadline) {
    for (;;) {
      std::span<const io::Report> found = wait_once(deadline);
      seen_.assign(found.begin(), found.end());
      bool is_haunted = std::ranges::any_of(
          seen_, [this](const io::Report& report) { return find_reported(report) == nullptr; });
      if (is_haunted) {
        rebuild();
        continue;
      }
      ReadyList list(*this);
      if (!list.empty() || Clock::now() >= deadline) return list;
    }
  }

  // epoll(7) shares its set with a forked child, which would add and remove there for both.
  void part_from_parent() const {
    forks_ = io::fork_count();
    is_waiting_ = false;  // the thread that waits is the parent's
    if (mechanism_) rebuild();
  }

  // epoll(7) reports what was closed before it was removed for as long as a duplicate is open
  // somewhere, and has no way to remove it any more.
  void rebuild() const {
    mechanism_.reset();
    mechanism_ = which_->make(trigger_);
    for (const auto& [fd, entry] : entries_) can_register(entry);
  }

  // False for what was closed, which is as silent as before.
  bool can_register(const Entry& entry) const {
    try {
      register_with(*mechanism_, entry);
      return true;
    } catch (const IoError&) {
      return false;
    }
  }

  const io::NamedMechanism* which_;
  Trigger trigger_;
  mutable std::unique_ptr<io::SelectorMechanism> mechanism_;  // a forked child makes its own
  mutable std::uint32_t forks_ = io::fork_count();
  std::unordered_map<int, Entry> entries_;
  std::uint32_t generations_ = 0;
  std::vector<io::Report> seen_;
  mutable bool is_waiting_ = false;  // for any thread, by atomic_ref
};

template <class Data>
class Selector<Data>::ReadyList {
 public:
  class Iterator {
   public:
    using value_type = Ready;
    using difference_type = std::ptrdiff_t;

    Ready operator*() const {
      const Key& key = list_->selector_->find_reported(list_->at(place_))->key;
      return {key, of_interest(key, list_->at(place_).events)};
    }
    Iterator& operator++() {
      ++place_;
      skip();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const {
      return place_ >= list_->selector_->seen_.size();
    }

   private:
    friend class ReadyList;
    explicit Iterator(const ReadyList& list) : list_(&list) { skip(); }

    // Over what was removed, or is of no interest.
    void skip() {
      for (; !(*this == std::default_sentinel); ++place_) {
        const Entry* entry = list_->selector_->find_reported(list_->at(place_));
        if (entry != nullptr && of_interest(entry->key, list_->at(place_).events).any()) return;
      }
    }

    const ReadyList* list_;
    std::size_t place_ = 0;
  };

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }
  bool empty() const { return begin() == end(); }

 private:
  friend class Selector;
  explicit ReadyList(const Selector& selector) : selector_(&selector) {}
  const io::Report& at(std::size_t place) const { return selector_->seen_[place]; }

  const Selector* selector_;
};

// By the best mechanism that works: epoll, else poll, else select.
template <class Data = std::monostate>
Selector<Data> default_selector(Trigger trigger = Trigger::level) {
  return Selector<Data>(trigger);
}

}  // namespace duet
