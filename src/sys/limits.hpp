#pragma once
// What a server sets once for its whole process.

namespace duet::sys {

void raise_descriptor_limit() noexcept;  // to what the hard limit allows
void ignore_broken_pipes() noexcept;     // SIGPIPE: writing to a pipe without a reader gives EPIPE

}  // namespace duet::sys
