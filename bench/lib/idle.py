"""The idle bench: the CPU time of a server that nobody asks for anything.

Connections are open and silent, so a model whose loops wait in the kernel has nothing to do; what it
uses nevertheless is the cost of looking.
"""

import contextlib
import dataclasses
import socket
import time

from lib import cpu, server, table

WAITING = ["single", "process", "thread", "pool", "select", "signal", "poll", "epoll", "aio",
           "uring"]
BASELINES = dict.fromkeys([*WAITING, "spin"])  # there are none
DEFAULT_MODELS = list(BASELINES)
AIMS = dict.fromkeys(WAITING, 0.1)  # per cent of a processor: 1 ms a second

CONNECTIONS = 50
SETTLE_SECONDS = 0.5  # what beginning costs is not idling
PATIENCE_SECONDS = 30


def add_options(_):
    pass


def refusal(_):
    return None


def measurements(bench, _, models):
    return [Measurement(bench, models)]


@dataclasses.dataclass(frozen=True)
class Load:
    connections: int = CONNECTIONS

    def __str__(self):
        return f"idle: {self.connections} silent connections (single: 1)"


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The echo under some models."""

    bench: object
    models: list
    load: Load = Load()

    def servers(self):
        servers, missing = [], {}
        for model in self.models:
            command = [self.bench.build / "duet", "echo", "--listen", "127.0.0.1:0",
                       "--model", model]
            server.add_built(servers, missing, model, command)
        return servers, missing

    def measure(self, one):
        """One measurement of one server, started for it: a dict of numbers."""
        count = 1 if one.name == "single" else CONNECTIONS
        with server.running(one, self.bench.placement) as (pid, address):
            host, _, port = address.rpartition(":")
            with contextlib.ExitStack() as stack:
                for _ in range(count):
                    client = stack.enter_context(
                        socket.create_connection((host, int(port)), PATIENCE_SECONDS))
                    client.sendall(b"x")
                    if client.recv(1) != b"x":
                        raise server.ServerError(f"{one.name}: a connection was closed")
                time.sleep(SETTLE_SECONDS)
                before, start = cpu.sample(pid), time.monotonic_ns()
                time.sleep(self.bench.seconds)
                used = cpu.between(before, cpu.sample(pid))
                return {"percent": 100 * used / (time.monotonic_ns() - start)}

    def report(self, results):
        rows = []
        for model in results.samples:
            figure = results.figure(model, "percent")
            rows.append([model, f"{figure.median:.3f} ({figure.least:.3f}–{figure.most:.3f})",
                         str(AIMS.get(model, "–"))])
        return table.markdown(["model", "% of a processor", "aim"], rows)

    def void_reasons(self, _):
        return []

    def misses(self, results):
        """One line for each aim that is not met."""
        lines = []
        for model, most in AIMS.items():
            if model not in results.samples:
                lines.append(f"{model} was not measured")
            elif results.figure(model, "percent").median > most:
                lines.append(f"{model}: {results.figure(model, 'percent').median:.3f} % of a "
                             f"processor without anything to do, the aim is {most}")
        return lines
