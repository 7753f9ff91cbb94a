"""The memory bench: what an idle connection costs a server, in bytes of user memory.

Each connection has exchanged one message and then says nothing. What counts is the growth of the
server's anonymous memory, of its children, too; pages that processes share count in part for each.
"""

import contextlib
import dataclasses
import pathlib
import re
import resource
import socket

from lib import server, table

EVENT_MODELS = ["spin", "select", "signal", "poll", "epoll", "aio", "uring"]
BASELINES = dict.fromkeys([*EVENT_MODELS, "pool", "thread", "process"])  # there are none
DEFAULT_MODELS = list(BASELINES)
AIMS = dict.fromkeys(EVENT_MODELS, 600)  # bytes for each connection of the echo

SELECT_MAX = 1000  # of the 1024 descriptors that select(2) can wait for, the server has some itself
WARM_UP = 300  # connections that come and go before: what they leave behind costs no later one
PATIENCE_SECONDS = 30
PSS_ANON = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Load:
    what: str
    connections: int  # where they share threads
    own_threads: int  # connections where each has a thread or a process of its own
    message: str
    aims: dict

    def connections_of(self, model):
        if model == "select":
            return min(self.connections, SELECT_MAX)
        return self.own_threads if model in ("thread", "process") else self.connections

    def __str__(self):
        return (f"memory, {self.what}: {self.connections} idle connections, "
                f"{self.own_threads} under thread and process, {SELECT_MAX} under select")


REQUEST = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
LOADS = {
    "bench/lease_echo": Load("echo", 10_000, 1_000, "x" * 64, AIMS),
    "examples/http_hello": Load("http", 10_000, 1_000, REQUEST, {}),
}


def add_options(_):
    pass


def refusal(_):
    return None


def measurements(bench, _, models):
    return [Measurement(bench, program, load, models) for program, load in LOADS.items()]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One server under some models."""

    bench: object
    program: str
    load: Load
    models: list

    def servers(self):
        servers, missing = [], {}
        for model in self.models:
            command = [self.bench.build / self.program, "--listen", "127.0.0.1:0",
                       "--model", model]
            server.add_built(servers, missing, model, command)
        return servers, missing

    def measure(self, one):
        """One measurement of one server, started for it: a dict of numbers."""
        count = self.load.connections_of(one.name)
        allow_descriptors(count + 100)
        with server.running(one, self.bench.placement) as (pid, address):
            try:
                with talked(address, min(WARM_UP, count), self.load.message):
                    pass
                with talked(address, 1, self.load.message):  # the others have been closed by then
                    before = user_memory(pid)
                with talked(address, count, self.load.message):
                    growth = user_memory(pid) - before
            except OSError as error:
                raise server.ServerError(f"{one.name}: {error}") from error
        return {"connections": count, "bytes": growth / count}

    def report(self, results):
        rows = []
        for model in results.samples:
            figure = results.figure(model, "bytes")
            rows.append([model, f"{results.figure(model, 'connections').median:.0f}",
                         f"{figure.median:.0f} ({figure.least:.0f}–{figure.most:.0f})",
                         str(self.load.aims.get(model, "–"))])
        return table.markdown(["model", "connections", "bytes/connection", "aim"], rows)

    def void_reasons(self, _):
        return []

    def misses(self, results):
        """One line for each aim that is not met."""
        lines = []
        for model, most in self.load.aims.items():
            if model not in results.samples:
                lines.append(f"{model} was not measured")
            elif results.figure(model, "bytes").median > most:
                lines.append(f"{model}: {results.figure(model, 'bytes').median:.0f} bytes for a "
                             f"connection, the aim is {most}")
        return lines


def allow_descriptors(count):
    """Servers inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise server.ServerError(f"{count} descriptors are needed, and {most} allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def talked(address, count, message):
    """Connections that have got an answer to the message, open until the end of the block."""
    host, _, port = address.rpartition(":")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(
                socket.create_connection((host, int(port)), PATIENCE_SECONDS))
            client.sendall(message.encode())
            if not client.recv(4096):
                raise ConnectionError("a connection was closed without an answer")
        yield


def user_memory(pid):
    """Bytes of anonymous memory of a process and its children."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                total += user_memory(int(child))
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    match = PSS_ANON.search(rollup)  # none when the process has just ended
    return total + int(match.group(1)) * 1024 if match else total
