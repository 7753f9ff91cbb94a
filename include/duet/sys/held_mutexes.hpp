#pragma once
// Which mutexes of the C library, std::mutex among them, a thread holds: debug builds of duet watch
// its calls, to find those that are held across a wait. Not under sanitizers, which do the same.

namespace duet::sys {

// Whether this build of the library does.
bool watches_mutexes() noexcept;

// A mutex that the calling thread has locked and still holds, each locking told once; null if there
// is none, or nobody watches.
const void* next_held_mutex() noexcept;

}  // namespace duet::sys
