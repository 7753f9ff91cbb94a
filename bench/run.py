#!/usr/bin/env python3
"""Measures duet against hand-written servers. bench/README.md explains the method and the tables.

    bench/run.py --build build/release                 all suites: a table for each load
    bench/run.py http --loads hello,file               one suite, two of its loads
    bench/run.py --check                               exit 0: all aims met; 1: not; 3: void
    bench/run.py echo --connections 1000 --models epoll,uring
"""

import argparse
import dataclasses
import json
import pathlib
import shlex
import sys
import tempfile

from lib import echo, http, idle, machine, memory, rounds, server, timers

# A suite is a module with the functions and tables that are used below, and measurements that have
# the methods servers, measure, report, void_reasons and misses, and the attribute load.
SUITES = {"echo": echo, "http": http, "memory": memory, "idle": idle,
          "timers": timers}
EXIT_MISSED, EXIT_VOID = 1, 3  # argparse leaves with 2


def say(line):
    print(line, flush=True)


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", metavar="SUITE",
                        help=f"of {', '.join(SUITES)} (default: all)")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"),
                        help="folder with duet, bench and examples (default: %(default)s)")
    parser.add_argument("--models", help="names with commas between them (default: those with an aim "
                        "or a baseline of their own, but single)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.4 s: a first look")
    parser.add_argument("--check", action="store_true", help="compare with the aims")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples")
    for suite in SUITES.values():
        suite.add_options(parser)
    return parser


def parse_arguments():
    """The command line, with suites and models as {suite: its models}."""
    parser = make_parser()
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 3, 0.4
    try:
        arguments.suites = chosen(arguments)
    except ValueError as error:
        parser.error(str(error))
    if arguments.rounds < 1:
        parser.error("--rounds wants at least 1")
    if not (arguments.build / "bench" / "echo_load").exists():
        parser.error(f"{arguments.build}/bench/echo_load is not built")
    return arguments


def chosen(arguments):
    """{suite: the models to measure}; raises ValueError for what does not fit together."""
    names = arguments.suites or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise ValueError(f"there is no suite {unknown[0]}; there are {', '.join(SUITES)}")
    wanted = arguments.models.split(",") if arguments.models else None
    known = dict.fromkeys(model for name in names for model in SUITES[name].BASELINES)
    for model in wanted or []:
        if model not in known:
            raise ValueError(f"model {model} is not measured here; there are {', '.join(known)}")
    result = {}
    for name in names:
        suite = SUITES[name]
        refusal = suite.refusal(arguments)
        if refusal:
            raise ValueError(refusal)
        models = [model for model in wanted or suite.DEFAULT_MODELS if model in suite.BASELINES]
        if arguments.check and not set(suite.AIMS) <= set(models):
            raise ValueError(f"--check of {name} wants the models {', '.join(suite.AIMS)}")
        result[name] = models
    return result


@dataclasses.dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    build: pathlib.Path
    folder: pathlib.Path  # for files that servers need; empty at first, gone at the end
    placement: machine.Placement
    seconds: float


class Session:
    """Runs measurements one after another, prints each table, and remembers all for --json."""

    def __init__(self, round_count):
        self.round_count = round_count
        self.runs = []

    def measure(self, measurement):
        """Returns the results and the reasons why they are void."""
        servers, missing = measurement.servers()
        results = rounds.run_rounds(servers, self.round_count, measurement.measure,
                                    server.ServerError, progress)
        results.failures |= missing
        progress("")
        say(f"\n{measurement.load}, {self.round_count} rounds\n\n{measurement.report(results)}\n")
        for failure in results.failures.values():
            say(f"not measured: {failure}")
        void = measurement.void_reasons(results)
        for reason in void:
            say(f"void: {reason}")
        self.runs.append({"load": dataclasses.asdict(measurement.load), "void": void,
                          "samples": results.samples, "failures": results.failures})
        return results, void

    def check(self, measurement):
        """Measures, once more if the first run is void; returns the exit status."""
        results, void = self.measure(measurement)
        if void:
            say("once more:")
            results, void = self.measure(measurement)
        misses = measurement.misses(results)
        for miss in misses:
            say(f"{'perhaps ' if void else ''}missed: {miss}")
        if void:
            return EXIT_VOID
        if not misses:
            say("all aims met")
        return EXIT_MISSED if misses else 0


def run(arguments, bench):
    """Returns the exit status: of --check a miss outweighs a void run."""
    session = Session(arguments.rounds)
    statuses = set()
    for name, models in arguments.suites.items():
        for measurement in SUITES[name].measurements(bench, arguments, models):
            if arguments.check:
                statuses.add(session.check(measurement))
            else:
                session.measure(measurement)
    if arguments.json:
        document = {"command": sys.argv, "machine": machine.description(), "runs": session.runs}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return next((status for status in (EXIT_MISSED, EXIT_VOID) if status in statuses), 0)


def main():
    arguments = parse_arguments()
    say(f"command: {shlex.join(sys.argv)}\nmachine: {machine.description()}")
    placement = machine.find_placement(lambda line: say(f"note: {line}"))
    with tempfile.TemporaryDirectory() as folder:
        return run(arguments, Bench(arguments.build, pathlib.Path(folder), placement,
                                    arguments.seconds))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
