"""The CPU time of a server and of its children, as `tools/process_cpu.hpp` counts it, for loads that
do not count it themselves; and what other programs take of the server's core."""

import os
import pathlib
import time

CPUCLOCK_SCHED = 2  # of a whole process: clock_getcpuclockid(3) makes its clock so


class Watch:
    """Counts from when it is made. The server is placed on the core alone."""

    def __init__(self, pid, core):
        self.pid, self.core = pid, core
        self.server, self.idle, self.start = sample(pid), idle_ns(core), time.monotonic_ns()

    def server_ns(self):
        return between(self.server, sample(self.pid))

    def others(self):
        """The part of the core's time that neither the server used nor anybody left unused."""
        elapsed = time.monotonic_ns() - self.start
        unused = idle_ns(self.core) - self.idle
        return max(0, 1 - (self.server_ns() + unused) / elapsed)


def sample(pid):
    """Nanoseconds by process id. A process that is gone has no entry."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    result = {}
    for one in [pid, *map(int, children.split())]:
        try:
            result[one] = time.clock_gettime_ns(~one << 3 | CPUCLOCK_SCHED)
        except OSError:
            continue
    return result


def between(earlier, later):
    """Nanoseconds that the processes of the later sample used since the earlier one."""
    return sum(now - earlier.get(pid, 0) for pid, now in later.items())


def idle_ns(core):
    """How long a core has been idle; in steps of 10 ms: proc_stat(5)."""
    for line in pathlib.Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            return (int(ticks[3]) + int(ticks[4])) * 10**9 // os.sysconf("SC_CLK_TCK")
    raise LookupError(f"/proc/stat knows no core {core}")
