"""The echo bench: `duet echo` under each model against the best hand-written server of that model.

The figure that decides is the CPU time the server takes per message. The rate does not: the load
generator costs as much per message as the server, so that rates differ less than the servers do.
"""

import dataclasses
import json
import pathlib
import subprocess

from lib import rounds, server, table

REFERENCE = "raw_epoll"
JUDGE = "libev_echo"  # an independent server that shows whether the reference is sound
BASELINES = {
    "epoll": "raw_epoll",
    "poll": "raw_poll",
    "uring": "raw_uring",
    "thread": "raw_thread",
    "process": "raw_process",
    "single": "raw_thread",  # with one connection: single serves no more at a time
}

# The load for which the aims and the void rules hold, and the most CPU time per message that a
# model may take, relative to its baseline.
GATE = {"connections": 64, "bytes": 64, "depth": 1}
AIMS = {"epoll": 1.05, "uring": 1.05, "thread": 1.05}

JUDGE_DISTANCE_MAX = 0.05
P99_US_MAX = 1000
RATE_SPREAD_MAX = 0.15

LOAD_SECONDS = 60  # for connecting and warming up; a load that takes longer is given up


@dataclasses.dataclass(frozen=True)
class Load:
    connections: int
    bytes: int
    depth: int
    idle: int
    seconds: float

    def is_gate(self):
        return self.idle == 0 and all(getattr(self, key) == value for key, value in GATE.items())

    def __str__(self):
        idle = f" and {self.idle} idle" if self.idle else ""
        return (f"{self.connections} connection{'s' * (self.connections > 1)}{idle}, {self.bytes} bytes, depth {self.depth}, "
                f"{self.seconds:g} s")


@dataclasses.dataclass
class Bench:
    build: pathlib.Path
    placement: object
    round_count: int
    progress: object  # called with a line on what is measured now

    def run(self, models, load):
        """Measures the models and the baselines they need, interleaved; returns Results."""
        names = [REFERENCE, JUDGE, *(BASELINES[model] for model in models)]
        servers, missing = [], {}
        for name in dict.fromkeys(names):
            add_server(name, [self.build / "bench" / name], servers, missing)
        for model in models:
            echo = [self.build / "duet", "echo", "--listen", "127.0.0.1:0", "--model", model]
            add_server(f"duet {model}", echo, servers, missing)
        results = rounds.run_rounds(servers, self.round_count, lambda one: self.measure(one, load),
                                    server.ServerError, self.progress)
        results.failures |= missing
        return results

    def measure(self, one, load):
        """One measurement of one server, started for it: a dict of numbers."""
        with server.running(one, self.placement) as (pid, address):
            sample = self.apply(load, one.name, pid, address)
        if sample["messages"] == 0:
            raise server.ServerError(f"{one.name}: no message came back while it was measured")
        sample["cpu_ns"] = sample["server_cpu_ns"] / sample["messages"]
        return sample

    def apply(self, load, name, pid, address):
        """Runs the load generator against a server; returns what it measured."""
        command = [self.build / "bench" / "echo_load", address, "--pid", str(pid),
                   "--connections", str(load.connections), "--idle", str(load.idle),
                   "--bytes", str(load.bytes), "--depth", str(load.depth),
                   "--duration-ms", str(round(load.seconds * 1000))]
        with self.placement.start(command, self.placement.load_core, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, said = process.communicate(timeout=LOAD_SECONDS + load.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise server.ServerError(f"{name} under load: no end after {LOAD_SECONDS} s")
        if process.returncode != 0:
            raise server.ServerError(f"{name} under load: {said.strip()}")
        return json.loads(out)


def add_server(name, command, servers, missing):
    if command[0].exists():
        servers.append(server.Server(name, tuple(map(str, command))))
    else:
        missing[name] = f"{name}: {command[0]} is not built"


def baseline_of(name):
    """The server that another one is compared with."""
    return BASELINES[name.removeprefix("duet ")] if name.startswith("duet ") else REFERENCE


def report(results):
    """The results as a Markdown table."""
    head = ["server", "rate/s", "p50 µs", "p99 µs", "CPU ns/message", f"CPU × {REFERENCE}",
            "CPU × baseline (least–most)", "baseline"]
    rows = []
    for name in results.samples:
        baseline = baseline_of(name)
        rows.append([
            name,
            f"{results.figure(name, 'rate').median:,.0f}",
            f"{results.figure(name, 'p50_us').median:.0f}",
            f"{results.figure(name, 'p99_us').median:.0f}",
            f"{results.figure(name, 'cpu_ns').median:.0f}",
            ratio_text(results.ratio(name, REFERENCE, "cpu_ns"), has_spread=False),
            ratio_text(results.ratio(name, baseline, "cpu_ns"), has_spread=True),
            baseline,
        ])
    return table.markdown(head, rows)


def ratio_text(ratio, has_spread):
    if ratio is None:
        return "–"
    spread = f" ({ratio.least:.2f}–{ratio.most:.2f})" if has_spread else ""
    return f"{ratio.median:.3f}{spread}"


def void_reasons(results):
    """Why these results of the gate's load say nothing; empty if they are good."""
    if REFERENCE not in results.samples:
        return [f"{REFERENCE} was not measured"]
    reasons = []
    judge = results.ratio(REFERENCE, JUDGE, "cpu_ns")
    if judge is None:
        reasons.append(f"{JUDGE} was not measured")
    elif abs(judge.median - 1) > JUDGE_DISTANCE_MAX:
        reasons.append(f"{REFERENCE} takes {judge.median:.3f} × the CPU of {JUDGE}, "
                       f"more than {JUDGE_DISTANCE_MAX:.0%} apart")
    p99 = results.figure(REFERENCE, "p99_us").median
    if p99 > P99_US_MAX:
        reasons.append(f"the p99 of {REFERENCE} is {p99:.0f} µs, more than {P99_US_MAX} µs")
    spread = results.figure(REFERENCE, "rate").spread()
    if spread > RATE_SPREAD_MAX:
        reasons.append(f"the rate of {REFERENCE} varies by {spread:.0%} between rounds, "
                       f"more than {RATE_SPREAD_MAX:.0%}")
    return reasons


def misses(results):
    """One line for each aim that is not met."""
    lines = []
    for model, aim in AIMS.items():
        baseline = BASELINES[model]
        ratio = results.ratio(f"duet {model}", baseline, "cpu_ns")
        if ratio is None:
            lines.append(f"{model}: not measured, aim {aim:.2f} × {baseline}")
        elif ratio.median > aim:
            lines.append(f"{model}: {ratio_text(ratio, has_spread=True)} × the CPU of {baseline}, "
                         f"aim {aim:.2f}")
    return lines
