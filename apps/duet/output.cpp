#include <cerrno>
#include <cstdio>
#include <system_error>

#include "command.hpp"

namespace duet::app {

void flush_output() {
  if (std::fflush(stdout) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot write to standard output");
}

}  // namespace duet::app
