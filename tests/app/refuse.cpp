// refuse SYSCALL... -- COMMAND [ARGUMENT...]: runs a command for which the system calls fail with
// EPERM, as they do in a container whose seccomp filter denies them. seccomp(2), "Filters".

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

namespace {

using Filter = std::vector<sock_filter>;

const std::map<std::string_view, unsigned> numbers = {
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_pwait2", SYS_epoll_pwait2},
    {"io_uring_setup", SYS_io_uring_setup},
    {"openat2", SYS_openat2},
    {"ppoll", SYS_ppoll},
    {"pselect6", SYS_pselect6},
    {"timer_create", SYS_timer_create},
};

int fail(const char* what) {
  std::perror(what);
  return 125;
}

void load_number(Filter& filter) {
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
}

void refuse(Filter& filter, unsigned number) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
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
  for (; *word != nullptr && *word != std::string_view("--"); ++word) {
    auto number = numbers.find(*word);
    if (number == numbers.end()) return std::fprintf(stderr, "unknown: %s\n", *word), 125;
    refuse(filter, number->second);
  }
  if (*word == nullptr || *++word == nullptr) return std::fputs("no command\n", stderr), 125;
  allow_the_rest(filter);
  if (!install(filter)) return fail("seccomp");
  execvp(*word, word);
  return fail(*word);
}
