"""The timer bench: what setting and removing a timer costs while a million others are outstanding.

No server and no model: bench/micro/timers measures the timer wheel of a loop, which all models have.
"""

import dataclasses
import json
import subprocess

from lib import server, table

BASELINES, DEFAULT_MODELS, AIMS = {}, [], {}
AIMS_NS = {"set_and_remove/0": 25, "set_and_remove/1000000": 25, "move_one_of/1000000": None,
           "set_and_fire/1000000": None}
PATIENCE_SECONDS = 120


def add_options(_):
    pass


def refusal(_):
    return None


def measurements(bench, _, __):
    return [Measurement(bench)]


@dataclasses.dataclass(frozen=True)
class Load:
    benchmark: str = "bench/micro/timers"

    def __str__(self):
        return "timers: CPU time of one, after the name how many others are outstanding"


@dataclasses.dataclass(frozen=True)
class Measurement:
    bench: object
    load: Load = Load()

    def servers(self):
        found, missing = [], {}
        for name in AIMS_NS:
            command = [self.bench.build / "bench" / "timers", f"--benchmark_filter=^{name}$",
                       f"--benchmark_min_time={self.bench.seconds}", "--benchmark_format=json"]
            server.add_built(found, missing, name, command)
        return found, missing

    def measure(self, one):
        process = self.bench.placement.start(one.command, self.bench.placement.server_core,
                                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            text, _ = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise server.ServerError(f"{one.name}: does not end") from None
        finally:
            process.kill()
            process.wait()
        try:
            (run,) = json.loads(text)["benchmarks"]
            return {"cpu_ns": run["cpu_time"]}
        except (ValueError, KeyError) as error:
            raise server.ServerError(f"{one.name}: gives no figure: {error!r}") from error

    def report(self, results):
        rows = []
        for name in results.samples:
            figure = results.figure(name, "cpu_ns")
            rows.append([name, f"{figure.median:.1f} ({figure.least:.1f}–{figure.most:.1f})",
                         str(AIMS_NS[name] or "–")])
        return table.markdown(["timer", "ns", "aim"], rows)

    def void_reasons(self, _):
        return []

    def misses(self, results):
        """One line for each aim that is not met."""
        lines = []
        for name, most in AIMS_NS.items():
            if most is None:
                continue
            if name not in results.samples:
                lines.append(f"{name} was not measured")
            elif results.figure(name, "cpu_ns").median > most:
                lines.append(f"{name}: {results.figure(name, 'cpu_ns').median:.1f} ns, the aim is "
                             f"{most}")
        return lines
