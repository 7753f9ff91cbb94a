"""Where measured programs run: the server on one core, the load on another, ahead of all else.

Both get SCHED_RR where the system permits it, so that other programs of the machine disturb the
measurement less; nice does not help. Threads and children inherit core and policy.
"""

import os
import platform
import re
import subprocess


class Placement:
    """A core for the server, one for the load, and whether both run in real time."""

    def __init__(self, server_core, load_core, is_realtime):
        self.server_core = server_core
        self.load_core = load_core
        self.is_realtime = is_realtime

    def start(self, command, core, **options):
        """Starts a command on a core; the options are those of subprocess.Popen."""

        def settle():
            os.sched_setaffinity(0, {core})
            if self.is_realtime:
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

        return subprocess.Popen(command, preexec_fn=settle, **options)


def find_placement(note):
    """The first two cores that this process may use; calls note with what falls short."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        note("one core only: server and load share it, and disturb each other")
    is_realtime = may_run_in_realtime()
    if not is_realtime:
        note("no permission for SCHED_RR: other programs disturb the measurement more")
    return Placement(cores[0], cores[1 % len(cores)], is_realtime)


def may_run_in_realtime():
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


def description():
    """Processor, cores and kernel, in one line."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    processor = model.group(1) if model else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Linux {platform.release()}"
