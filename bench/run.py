#!/usr/bin/env python3
"""Measures duet against hand-written servers. bench/README.md explains the method and the table.

    bench/run.py --build build/release                 a table for 64 connections of 64 bytes
    bench/run.py --build build/release --check         exit 0: all aims met; 1: not; 3: void
    bench/run.py --build build/release --connections 1000 --models epoll,uring
"""

import argparse
import dataclasses
import json
import pathlib
import shlex
import sys

from lib import echo, machine

EXIT_MISSED, EXIT_VOID = 1, 3  # argparse leaves with 2


def say(line):
    print(line, flush=True)


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def load_of(arguments):
    return echo.Load(arguments.connections, arguments.bytes, arguments.depth, arguments.idle,
                     arguments.seconds)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"),
                        help="folder with duet and bench/* (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=echo.GATE["connections"])
    parser.add_argument("--idle", type=int, default=0, help="connections beside them, silent")
    parser.add_argument("--bytes", type=int, default=echo.GATE["bytes"], help="of a message")
    parser.add_argument("--depth", type=int, default=echo.GATE["depth"],
                        help="messages in flight on each connection")
    parser.add_argument("--models", default="epoll,poll,uring,thread,process",
                        help="of " + ", ".join(echo.BASELINES) + " (default: all but single)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.4 s: a first look")
    parser.add_argument("--check", action="store_true", help="compare with the aims")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.seconds = 3, 0.4
    arguments.models = arguments.models.split(",")
    unknown = [model for model in arguments.models if model not in echo.BASELINES]
    if unknown:
        parser.error(f"no baseline for model {unknown[0]}; there are {', '.join(echo.BASELINES)}")
    if arguments.rounds < 1:
        parser.error("--rounds wants at least 1")
    if arguments.check and not (load_of(arguments).is_gate() and
                               set(echo.AIMS) <= set(arguments.models)):
        parser.error(f"--check wants the load {echo.GATE} and the models {', '.join(echo.AIMS)}")
    if not (arguments.build / "bench" / "echo_load").exists():
        parser.error(f"{arguments.build}/bench/echo_load is not built")
    return arguments


class Session:
    """Runs benches one after another, prints each table, and remembers all for --json."""

    def __init__(self, bench):
        self.bench = bench
        self.runs = []

    def measure(self, models, load):
        """Returns the results and, for the load of the aims, the reasons why they are void."""
        results = self.bench.run(models, load)
        progress("")
        say(f"\n{load}, {self.bench.round_count} rounds\n\n{echo.report(results)}\n")
        for failure in results.failures.values():
            say(f"not measured: {failure}")
        void = echo.void_reasons(results) if load.is_gate() else []
        for reason in void:
            say(f"void: {reason}")
        self.runs.append({"load": dataclasses.asdict(load), "samples": results.samples,
                          "failures": results.failures, "void": void})
        return results, void

    def check(self, models, load):
        """Measures, once more if the first run is void; returns the exit status."""
        results, void = self.measure(models, load)
        if void:
            say("once more:")
            results, void = self.measure(models, load)
        if void:
            return EXIT_VOID
        misses = echo.misses(results)
        say("\n".join(f"missed: {miss}" for miss in misses) or "all aims met")
        return EXIT_MISSED if misses else 0


def main():
    arguments = parse_arguments()
    load = load_of(arguments)
    say(f"command: {shlex.join(sys.argv)}\nmachine: {machine.description()}")
    placement = machine.find_placement(lambda line: say(f"note: {line}"))
    session = Session(echo.Bench(arguments.build, placement, arguments.rounds, progress))

    status = 0
    models = [model for model in arguments.models if model != "single"]
    if arguments.check:
        status = session.check(models, load)
    elif models:
        session.measure(models, load)
    if "single" in arguments.models:  # it serves one connection at a time
        session.measure(["single"], dataclasses.replace(load, connections=1, idle=0))
    if arguments.json:
        document = {"command": sys.argv, "machine": machine.description(), "runs": session.runs}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
