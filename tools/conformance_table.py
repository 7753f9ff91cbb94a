#!/usr/bin/env python3
"""Makes docs/conformance.md from what the tests say.

    conformance_table.py BUILD                 run all that the page tells of, and write it
    conformance_table.py BUILD --missing       run only what it does not have yet, and write it
    conformance_table.py BUILD --columns A,B   run these models, pairs and engines, and write nothing
    conformance_table.py BUILD --sample SEED   the same with two of the further pairs

runs the tests of BUILD/tests. A cell is "pass", or "refused" with the number of a note, which names
the test that sees what the model does instead. What only some have a test of, since it is about a
part that the others have not got, stands in a list behind the table. A test that fails, or that is
skipped for another reason than a refusal (tests/support/skip_reason.hpp), gives no page.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = "docs/conformance.md"
AT_ONCE = 3  # runs beside each other: most tests wait most of the time

# A table: its heading, and the program and suite whose parameters are its columns; those of the
# table that it goes on from are not repeated. Pairs are told of if DUET_TEST_PAIRS names them.
Table = collections.namedtuple("Table", "heading program suite pairs goes_on_from")
MODELS = Table("Models and pairs", "conformance_test", "Echo", "", None)
PAIRS = Table("Further pairs", "conformance_test", "Echo", "all", MODELS)
ENGINES = Table("Engines", "conformance_test", "Wake", "", None)
SELECTORS = Table("Selectors", "io_test", "SelectorReadiness", "", None)
TABLES = [MODELS, PAIRS, ENGINES, SELECTORS]

# What a program's suites are about: the first whose pattern fits the suite, and whose columns have
# all of its parameters.
PLACES = [("conformance_test", "", [MODELS, PAIRS]), ("conformance_test", "", [ENGINES]),
          ("io_test", "Select|Mechanism|Spin|Signal", [SELECTORS]), ("io_test", "", [ENGINES]),
          ("loop_test", "", [ENGINES]), ("net_test", "", [ENGINES]),
          ("process_test", "", [ENGINES])]
PROGRAMS = list(dict.fromkeys(program for program, _, _ in PLACES))
# Columns under another name, for they are told apart from others of their kind only.
NAMES = {"AioEngine": {"signal": "aio", "polling": "aio_poll"}}

INTRODUCTION = """# Conformance

What the test suite sees: each behaviour, as the name of its test says it, under each model, pair, engine and selector. Made
from a run of the tests by `tools/conformance_table.py`; a test compares it with what the test programs list. "pass" is a
test that ran and passed. "refused" is a documented refusal, and the note names the test that sees what is done instead.
"""
PECULIAR = "| peculiar to some | where | |"

Test = collections.namedtuple("Test", "program suite name parameter")
Cell = collections.namedtuple("Cell", "table row column program test")


class NoPage(Exception):
    """A test failed, or did not run."""


def words(suite, test):
    """`HttpHandler`, `may_leave_it` → HTTP handler: may leave it."""
    suite = re.sub(r"(Death)?(Test)?$", "", suite.rpartition("/")[2])
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", suite)
    return f"{spaced[:1]}{spaced[1:].lower()}: {test.replace('_', ' ')}"


def plain_name(test):
    """`engines/Wake.works/epoll` → Wake.works, as a refusal names it."""
    return re.sub(r"^[^.]*/", "", test).partition("/")[0]


def listed(build, program, pairs="all"):
    """[Test] of a test program, in its order."""
    text = subprocess.run([pathlib.Path(build, "tests", program), "--gtest_list_tests"], check=True,
                          capture_output=True, text=True,
                          env={**os.environ, "DUET_TEST_PAIRS": pairs}).stdout
    found, suite = [], None
    for line in text.splitlines():
        name = line.split("#")[0].rstrip()
        if not line.startswith(" "):
            suite = name.removesuffix(".")
        elif suite:
            test, _, parameter = name.strip().partition("/")
            found.append(Test(program, suite, test, parameter))
    return found


def column_of(parameter, columns):
    """(column, what else the parameter says): `udp_socket_epoll` → epoll, udp_socket."""
    for column in sorted(columns, key=len, reverse=True):
        if parameter == column:
            return column, ""
        if parameter.endswith(f"_{column}"):
            return column, parameter.removesuffix(f"_{column}")
    return None, ""


def columns_of(build):
    """{heading: columns}"""
    columns = {}
    for table in TABLES:
        former = columns[table.goes_on_from.heading] if table.goes_on_from else []
        columns[table.heading] = [
            name for name in dict.fromkeys(
                test.parameter for test in listed(build, table.program, table.pairs)
                if test.suite == table.suite)
            if name not in former]
    return columns


def cells(build):
    """({heading: columns}, [Cell]) of what the programs list."""
    columns, found = columns_of(build), []
    for program in PROGRAMS:
        tests = listed(build, program)
        parameters = collections.defaultdict(set)
        for test in tests:
            parameters[test.suite].add(parameter_of(test))
        found += filter(None, (place(columns, test, parameters[test.suite]) for test in tests))
    return columns, found


def parameter_of(test):
    return next((names.get(test.parameter, test.parameter) for suite, names in NAMES.items()
                 if test.suite.startswith(suite)), test.parameter)


def place(columns, test, parameters):
    """The Cell of a test whose suite has these parameters; nothing if they are no columns."""
    for program, pattern, tables in PLACES:
        known = [column for table in tables for column in columns[table.heading]]
        if (program != test.program or not re.search(pattern, test.suite) or
                None in (column_of(each, known)[0] for each in parameters)):
            continue
        column, detail = column_of(parameter_of(test), known)
        row = words(test.suite, test.name) + (f", {detail.replace('_', ' ')}" if detail else "")
        heading = next(table.heading for table in tables if column in columns[table.heading])
        return Cell(heading, row, column, test.program,
                    f"{test.suite}.{test.name}/{test.parameter}")
    return None


def run(build, found):
    """{(program, test): "pass" or its refusal} of cells. What fails beside others is run again
    alone. Raises NoPage."""
    results, troubles = {}, {}
    parts = [(program, [cell.test for cell in found if cell.program == program][i::AT_ONCE])
             for program in PROGRAMS for i in range(AT_ONCE)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        reports = list(pool.map(lambda part: reports_of(build, *part), parts))
    for (program, _), report in zip(parts, reports):
        read_report(program, report, results, troubles)
    for program, test in [name for name, trouble in troubles.items() if trouble.endswith("failed")]:
        del troubles[program, test]
        read_report(program, reports_of(build, program, [test]), results, troubles)
    silent = {(cell.program, cell.test) for cell in found} - set(results) - set(troubles)
    if troubles or silent:
        raise NoPage("\n".join([*troubles.values(), *(f"{test} did not run" for _, test in silent)]))
    return results


def reports_of(build, program, tests):
    """What a program reports of the tests: a list of <testcase>."""
    if not tests:
        return []
    with tempfile.TemporaryDirectory() as folder:
        report, flags = pathlib.Path(folder, "report.xml"), pathlib.Path(folder, "flags")
        flags.write_text(f"--gtest_filter={':'.join(tests)}\n--gtest_output=xml:{report}\n")
        subprocess.run([pathlib.Path(build, "tests", program), f"--gtest_flagfile={flags}"],
                       stdout=subprocess.DEVNULL, cwd=ROOT, check=False,
                       env={**os.environ, "DUET_TEST_PAIRS": "all"})
        if report.exists():
            return list(xml.parse(report).iter("testcase"))
    if len(tests) == 1:
        suite, _, name = tests[0].partition(".")
        crash = xml.Element("testcase", classname=suite, name=name)
        xml.SubElement(crash, "failure", message="did not come to its end")
        return [crash]
    half = len(tests) // 2  # one of them has ended the program for all
    return reports_of(build, program, tests[:half]) + reports_of(build, program, tests[half:])


def read_report(program, cases, results, troubles):
    for case in cases:
        read_case(program, case, results, troubles)


def read_case(program, case, results, troubles):
    name = f"{case.get('classname')}.{case.get('name')}"
    skipped = case.find("skipped")
    if case.find("failure") is not None:
        troubles[program, name] = f"{name} failed"
    elif skipped is None:
        results[program, name] = "pass"
    elif refusal := re.search(r"^refused: (.*; seen by .*)$", skipped.get("message", ""),
                              re.MULTILINE):
        results[program, name] = refusal[1]
    else:
        reason = " ".join(skipped.get("message", "").split())
        troubles[program, name] = f"{name} was skipped: {reason}"


def shown(value, notes):
    return value if value == "pass" else f"refused {notes.setdefault(value, len(notes) + 1)}"


def page_of(columns, found, results):
    """The page; `results` are by Cell's table, row and column."""
    notes, text = {}, INTRODUCTION
    for heading, names in columns.items():
        rows = list(dict.fromkeys(cell.row for cell in found if cell.table == heading))
        if not rows:
            continue
        text += f"\n## {heading}\n\n| behaviour | {' | '.join(names)} |\n"
        text += "|---|" + "---|" * len(names) + "\n"
        peculiar = []
        for row in rows:
            values = {name: shown(results[heading, row, name], notes) for name in names
                      if (heading, row, name) in results}
            if len(values) == len(names):
                text += f"| {row} | {' | '.join(values.values())} |\n"
            else:
                peculiar += [f"| {row} | {name} | {value} |\n" for name, value in values.items()]
        if peculiar:
            text += f"\n{PECULIAR}\n|---|---|---|\n" + "".join(peculiar)
    text += "\n## Refusals\n\n"
    return text + "".join(f"{number}. {note}\n" for note, number in notes.items())


def read_page(path=ROOT / PAGE):
    """{(heading, row, column): "pass" or its refusal} of the page as it is."""
    text = path.read_text() if path.exists() else ""
    notes = dict(re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE))
    found, heading, names = {}, "", []
    for line in text.splitlines():
        fields = [field.strip() for field in line.strip("|").split("|")]
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| behaviour"):
            names = fields[1:]
        elif line == PECULIAR:
            names = []
        elif line.startswith("| "):
            values = zip(names, fields[1:]) if names else [fields[1:3]]
            for name, value in values:
                number = value.removeprefix("refused ")
                found[heading, fields[0], name] = notes.get(number, value)
    return found


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--missing", action="store_true",
                        help="run only what the page does not have yet")
    parser.add_argument("--columns", type=lambda text: text.split(","), metavar="NAME,...",
                        help="run these models, pairs and engines, and write nothing")
    parser.add_argument("--sample", type=int, metavar="SEED",
                        help="run two of the further pairs, and write nothing")
    return parser.parse_args()


def main():
    asked = arguments()
    columns, found = cells(asked.build)
    if asked.sample is not None:
        asked.columns = random.Random(asked.sample).sample(columns[PAIRS.heading], 2)
    if asked.columns:
        wanted = [cell for cell in found if cell.column in asked.columns]
    else:
        known = read_page() if asked.missing else {}
        wanted = [cell for cell in found if cell[:3] not in known]
    try:
        ran = run(asked.build, wanted)
    except NoPage as trouble:
        sys.exit(str(trouble))
    if asked.columns:
        refused = sum(value != "pass" for value in ran.values())
        return print(f"{', '.join(asked.columns)}: {len(ran) - refused} pass, "
                     f"{refused} are refused as documented")
    results = {cell[:3]: known.get(cell[:3]) or ran[cell.program, cell.test] for cell in found}
    return (ROOT / PAGE).write_text(page_of(columns, found, results))


if __name__ == "__main__":
    main()
