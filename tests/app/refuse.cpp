// refuse SYSCALL[=ERROR]... -- COMMAND [ARGUMENT...]: runs a command for which the system calls
// fail: with EPERM, as they do in a container whose seccomp filter denies them, or with another
// error. seccomp(2), "Filters".

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

namespace {

using Filter = std::vector<sock_filter>;

const std::map<std::string_view, unsigned> numbers = {
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_pwait2", SYS_epoll_pwait2},
    {"io_uring_setup", SYS_io_uring_setup},
    {"openat2", SYS_openat2},
    {"ppoll", SYS_ppoll},
    {"preadv2", SYS_preadv2},
    {"pselect6", SYS_pselect6},
    {"timer_create", SYS_timer_create},
};

const std::map<std::string_view, unsigned> errors = {
    {"EAGAIN", EAGAIN}, {"EIO", EIO}, {"EPERM", EPERM}};

constexpr int failed = 125;

int fail(const char* what) {
  std::perror(what);
  return failed;
}

void load_number(Filter& filter) {
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
}

void refuse(Filter& filter, unsigned number, unsigned error) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
}

// False if a word names no call or no error that is known here.
bool add(Filter& filter, std::string_view word) {
  std::size_t equals = std::min(word.find('='), word.size());
  auto number = numbers.find(word.substr(0, equals));
  auto error = errors.find(equals == word.size() ? "EPERM" : word.substr(equals + 1));
  if (number == numbers.end() || error == errors.end()) return false;
  refuse(filter, number->second, error->second);
  return true;
}

void allow_the_rest(Filter& filter) {
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

bool install(Filter& filter) {
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int, char** argv) {
  Filter filter;
  load_number(filter);
  char** word = argv + 1;
  for (; *word != nullptr && *word != std::string_view("--"); ++word)
    if (!add(filter, *word)) return std::fprintf(stderr, "unknown: %s\n", *word), failed;
  if (*word == nullptr || *++word == nullptr) return std::fputs("no command\n", stderr), failed;
  allow_the_rest(filter);
  if (!install(filter)) return fail("seccomp");
  execvp(*word, word);
  return fail(*word);
}
