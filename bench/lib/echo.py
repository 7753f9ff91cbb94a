"""The echo bench: duet's echo under each model, in each way of writing, against the best hand-written
server of that model.

The figure that decides is the CPU time the server takes per message. The rate does not: the load
generator costs as much per message as the server, so that rates differ less than the servers do.
"""

import dataclasses
import itertools
import json
import subprocess

from lib import comparison, server

REFERENCE = "raw_epoll"
JUDGE = "libev_echo"  # an independent server that shows whether the reference is sound
BASELINES = {
    "epoll": "raw_epoll",
    "poll": "raw_poll",
    "uring": "raw_uring",
    "thread": "raw_thread",
    "process": "raw_process",
    "pool": "raw_pool",
    "single": "raw_thread",  # with one connection: single serves no more at a time
    # Nobody would write these by hand for speed: they are compared with the reference.
    **dict.fromkeys(("spin", "select", "signal", "aio"), REFERENCE),
}
DEFAULT_MODELS = ["epoll", "poll", "uring", "thread", "process"]
WAYS = {  # the program, beside the options of every server, for each way of writing a handler
    "coroutine": ("duet", "echo"),
    "fiber": ("examples/echo_fiber",),
    "callbacks": ("examples/echo_callbacks",),
}
COMPARISON = comparison.Comparison("message", REFERENCE, BASELINES, ("p50_us", "p99_us"))

# The load for which the aims and the void rules hold, and the most CPU time per message that a
# model may take, relative to its baseline.
GATE = {"connections": 64, "bytes": 64, "depth": 1}
AIMS = {"epoll": 1.05, "uring": 1.05, "thread": 1.05}

JUDGE_DISTANCE_MAX = 0.05
P99_US_MAX = 1000
RATE_SPREAD_MAX = 0.15

LOAD_SECONDS = 60  # for connecting and warming up; a load that takes longer is given up


def add_options(parser):
    group = parser.add_argument_group("echo")
    group.add_argument("--connections", type=int, default=GATE["connections"])
    group.add_argument("--idle", type=int, default=0, help="connections beside them, silent")
    group.add_argument("--bytes", type=int, default=GATE["bytes"], help="of a message")
    group.add_argument("--depth", type=int, default=GATE["depth"],
                       help="messages in flight on each connection")
    group.add_argument("--ways", type=lambda text: text.split(","), default=["coroutine"],
                       help=f"of writing the handler: {','.join(WAYS)} (default: coroutine)")


def measurements(bench, arguments, models):
    """What to measure for a command line, one after another."""
    load = Load(arguments.connections, arguments.bytes, arguments.depth, arguments.idle,
                bench.seconds)
    others = [model for model in models if model != "single"]
    planned = [Measurement(bench, load, others, arguments.ways)] if others else []
    if "single" in models:  # it serves one connection at a time
        alone = dataclasses.replace(load, connections=1, idle=0)
        planned.append(Measurement(bench, alone, ["single"], arguments.ways))
    return planned


def refusal(arguments):
    """What is wrong with this command line; None if nothing is."""
    unknown = [way for way in arguments.ways if way not in WAYS]
    if unknown:
        return f"there is no way of writing {unknown[0]}; there are {', '.join(WAYS)}"
    if arguments.check and "coroutine" not in arguments.ways:
        return "--check of echo wants the way coroutine"
    is_gate = arguments.idle == 0 and all(getattr(arguments, key) == GATE[key] for key in GATE)
    return f"--check of echo wants the load {GATE}" if arguments.check and not is_gate else None


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
        return (f"echo: {self.connections} connection{'s' * (self.connections > 1)}{idle}, "
                f"{self.bytes} bytes, depth {self.depth}, {self.seconds:g} s")


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One load on duet's echo under some models, and on the baselines they need."""

    bench: object
    load: Load
    models: list
    ways: list

    def servers(self):
        """(servers, {name: why there is none})."""
        servers, missing = [], {}
        names = [REFERENCE, JUDGE, *(BASELINES[model] for model in self.models)]
        for name in dict.fromkeys(names):
            server.add_built(servers, missing, name, [self.bench.build / "bench" / name])
        for model, way in itertools.product(self.models, self.ways):
            program, *rest = WAYS[way]
            echo = [self.bench.build / program, *rest, "--listen", "127.0.0.1:0", "--model", model]
            name = f"duet {model}" + f" {way}" * (way != "coroutine")
            server.add_built(servers, missing, name, echo)
        return servers, missing

    def measure(self, one):
        """One measurement of one server, started for it: a dict of numbers."""
        with server.running(one, self.bench.placement) as (pid, address):
            sample = self.apply(one.name, pid, address)
        if sample["messages"] == 0:
            raise server.ServerError(f"{one.name}: no message came back while it was measured")
        sample["cpu_ns"] = sample["server_cpu_ns"] / sample["messages"]
        return sample

    def apply(self, name, pid, address):
        """Runs the load generator against a server; returns what it measured."""
        load, placement = self.load, self.bench.placement
        command = [self.bench.build / "bench" / "echo_load", address, "--pid", str(pid),
                   "--connections", str(load.connections), "--idle", str(load.idle),
                   "--bytes", str(load.bytes), "--depth", str(load.depth),
                   "--duration-ms", str(round(load.seconds * 1000))]
        with placement.start(command, placement.load_core, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, said = process.communicate(timeout=LOAD_SECONDS + load.seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise server.ServerError(f"{name} under load: no end after {LOAD_SECONDS} s")
        if process.returncode != 0:
            raise server.ServerError(f"{name} under load: {said.strip()}")
        return json.loads(out)

    def report(self, results):
        return COMPARISON.report(results)

    def void_reasons(self, results):
        """Why these results of the gate's load say nothing; empty if they are good."""
        if not self.load.is_gate():
            return []
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
        return reasons + COMPARISON.variation(results, "rate", "rate", RATE_SPREAD_MAX)

    def misses(self, results):
        """One line for each aim that is not met."""
        return COMPARISON.misses(results, AIMS) if self.load.is_gate() else []
