"""The HTTP bench: duet's servers under each model against the least that an answer can cost, and
beside the web servers of the distribution.

The least is a hand-written server of the same model that counts blank lines and answers each from
memory. As with echo, the figure that decides is the CPU time the server takes per request.
"""

import dataclasses
import http.client
import json
import math
import pathlib
import shutil
import subprocess

from lib import comparison, cpu, peers, server

REFERENCE = "raw_http"
BASELINES = {"epoll": "raw_http", "uring": "raw_uring_http", "thread": "raw_thread_http"}
DEFAULT_MODELS = list(BASELINES)
AIMS = BASELINES  # every model has the aim of the load
COMPARISON = comparison.Comparison("request", REFERENCE, BASELINES)

HELLO = "Hello, world"
PEER_ADVANTAGE_MAX = 0.05
CPU_SPREAD_MAX = 0.15
OTHERS_MAX = 0.05  # the part of the server's core that other programs may use
SCRIPT = pathlib.Path(__file__).parents[1] / "tools" / "wrk_load.lua"
LOAD_SECONDS = 30  # for wrk beside the time it is to take


@dataclasses.dataclass(frozen=True)
class Load:
    what: str
    connections: int
    depth: int  # requests that are sent at once
    path: str
    body_bytes: int
    cpu_max: float  # the aim: the most CPU time per request, relative to the baseline

    def __str__(self):
        return f"{self.what}: {self.connections} connections, depth {self.depth}"


LOADS = {
    "hello": Load("hello, 12 bytes", 64, 1, "/", len(HELLO), 1.15),
    "hello_1000": Load("hello, 12 bytes", 1000, 1, "/", len(HELLO), 1.15),
    "pipelined": Load("hello, 12 bytes", 64, 16, "/", len(HELLO), 2.0),
    "file": Load("a file of 100 KB", 64, 1, "/file", 100_000, 1.15),
}


def add_options(parser):
    group = parser.add_argument_group("http")
    group.add_argument("--loads", default=",".join(LOADS), help="of %(default)s (default: all)")


def measurements(bench, arguments, models):
    """What to measure for a command line, one after another."""
    site = bench.folder / "site"
    site.mkdir()
    (site / "index.html").write_text(HELLO, encoding="ascii")
    (site / "file").write_bytes(bytes(LOADS["file"].body_bytes))
    return [Measurement(bench, LOADS[name], models, site) for name in arguments.loads.split(",")]


def refusal(arguments):
    """What is wrong with this command line; None if nothing is."""
    unknown = [name for name in arguments.loads.split(",") if name not in LOADS]
    return f"there is no load {unknown[0]}; there are {', '.join(LOADS)}" if unknown else None


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One load on duet under some models, on the baselines they need, and on the peers."""

    bench: object
    load: Load
    models: list
    site: object  # the folder that is served

    def servers(self):
        """(servers, {name: why there is none})."""
        if not shutil.which("wrk"):
            return [], {"wrk": "wrk is not here; in Debian: apt-get install wrk"}
        servers, missing = [], {}
        for name in dict.fromkeys([REFERENCE, *(BASELINES[model] for model in self.models)]):
            command = [self.bench.build / "bench" / name, "--body-bytes", self.load.body_bytes]
            server.add_built(servers, missing, name, command)
        for model in self.models:
            command = [*self.duet(), "--listen", "127.0.0.1:0", "--model", model]
            server.add_built(servers, missing, f"duet {model}", command)
        found, absent = peers.find(self.bench.folder, self.site, HELLO)
        return servers + found, missing | absent

    def duet(self):
        if self.load.path == "/":
            return [self.bench.build / "examples" / "http_hello"]
        return [self.bench.build / "duet", "serve", self.site, "--no-access-log"]

    def measure(self, one):
        """One measurement of one server, started for it: a dict of numbers."""
        with server.running(one, self.bench.placement) as (pid, address):
            self.check_answer(one.name, address)
            watch = cpu.Watch(pid, self.bench.placement.server_core)
            sample = self.apply(one.name, address)
            sample["cpu_ns"] = watch.server_ns() / sample["requests"]
            sample["others"] = watch.others()
        sample["rate"] = sample["requests"] / sample["seconds"]
        return sample

    def check_answer(self, name, address):
        """wrk reads over what it gets, so one request shows first that it is the right thing."""
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            connection.request("GET", self.load.path)
            answer = connection.getresponse()
            status, size = answer.status, len(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise server.ServerError(f"{name} gives no answer: {error!r}") from error
        finally:
            connection.close()
        if (status, size) != (200, self.load.body_bytes):
            raise server.ServerError(f"{name} answers with status {status} and {size} bytes")

    def apply(self, name, address):
        """Runs wrk against a server; returns what it measured."""
        load, placement = self.load, self.bench.placement
        seconds = math.ceil(self.bench.seconds)  # wrk takes no part of one
        command = ["wrk", "-t1", f"-c{load.connections}", f"-d{seconds}s", "-s", SCRIPT,
                   f"http://{address}{load.path}", "--", str(load.depth)]
        with placement.start(command, placement.load_core, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                out, said = process.communicate(timeout=LOAD_SECONDS + seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise server.ServerError(f"{name} under load: no end after {LOAD_SECONDS} s")
        if process.returncode != 0:
            raise server.ServerError(f"{name} under load: {said.strip()}")
        sample = json.loads(out.splitlines()[-1])
        if sample["requests"] == 0 or sample["errors"] > 0:
            raise server.ServerError(f"{name} under load: {sample['requests']} answers, "
                                     f"{sample['errors']} errors")
        return sample

    def report(self, results):
        return COMPARISON.report(results)

    def void_reasons(self, results):
        """Why these results say nothing; empty if they are good."""
        if REFERENCE not in results.samples:
            return [f"{REFERENCE} was not measured"]
        reasons = COMPARISON.variation(results, "cpu_ns", "CPU time", CPU_SPREAD_MAX)
        others = results.figure(REFERENCE, "others").median
        if others > OTHERS_MAX:
            reasons.append(f"beside {REFERENCE} other programs used {others:.0%} of its core, "
                           f"more than {OTHERS_MAX:.0%}")
        for peer in peers.PEERS:
            ratio = results.ratio(peer, REFERENCE, "cpu_ns")
            if ratio is not None and ratio.median < 1 - PEER_ADVANTAGE_MAX:
                reasons.append(f"{peer} takes {ratio.median:.3f} × the CPU of {REFERENCE}, which "
                               "should be the least")
        return reasons

    def misses(self, results):
        """One line for each aim that is not met."""
        aims = dict.fromkeys(BASELINES, self.load.cpu_max)
        return COMPARISON.misses(results, aims)
