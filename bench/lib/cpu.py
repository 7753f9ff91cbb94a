"""The CPU time of a server and of its children, as `tools/process_cpu.hpp` counts it, for loads that
do not count it themselves."""

import pathlib
import time

CPUCLOCK_SCHED = 2  # of a whole process: clock_getcpuclockid(3) makes its clock so


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
