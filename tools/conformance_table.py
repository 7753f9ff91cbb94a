#!/usr/bin/env python3
"""Makes docs/conformance.md from what the tests say.

    conformance_table.py BUILD [--all]

runs the tests of BUILD/tests that the page does not have yet, or all of them, and writes the page.
A cell is "pass", or "refused" with the number of a note, which names the test that sees what the
model does instead. What only some have a test of, since it is about a part that the others have not
got, stands in a list behind the table. A test that fails, or that is skipped for another reason than a refusal
(tests/support/skip_reason.hpp), gives no page.
"""

import collections
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = "docs/conformance.md"
AT_ONCE = 3  # runs beside each other: most tests wait most of the time

# A table: its heading, the program, and the suite whose parameters are its columns.
Table = collections.namedtuple("Table", "heading program suite")
TABLES = [Table("Models and pairs", "conformance_test", "Echo"),
          Table("Engines", "conformance_test", "Wake"),
          Table("Selectors", "io_test", "SelectorReadiness")]
INTRODUCTION = """# Conformance

What the test suite sees: each behaviour, as the name of its test says it, under each model and pair. Made from a run of the
tests by `tools/conformance_table.py`; a test compares it with what the test programs list. "pass" is a test that ran and
passed. "refused" is a documented refusal, and the note names the test that sees what the model does instead.
"""
PECULIAR = "| peculiar to some | where | |"

Cell = collections.namedtuple("Cell", "table row column test")


class NoPage(Exception):
    """A test failed, or did not run."""


def words(suite, test):
    """`HttpHandler`, `may_leave_it` → HTTP handler: may leave it."""
    suite = re.sub(r"(Test)?$", "", suite.rpartition("/")[2])
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", suite)
    return f"{spaced[:1]}{spaced[1:].lower()}: {test.replace('_', ' ')}"


def listed(program):
    """[(suite, test, parameter)] of a test program, in its order."""
    text = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True,
                          text=True).stdout
    found, suite = [], None
    for line in text.splitlines():
        name = line.split("#")[0].rstrip()
        if not line.startswith(" "):
            suite = name.removesuffix(".")
        elif suite:
            test, _, parameter = name.strip().partition("/")
            found.append((suite, test, parameter))
    return found


def column_of(parameter, columns):
    """(column, what else the parameter says): `udp_socket_epoll` → epoll, udp_socket."""
    for column in sorted(columns, key=len, reverse=True):
        if parameter == column:
            return column, ""
        if parameter.endswith(f"_{column}"):
            return column, parameter.removesuffix(f"_{column}")
    return None, ""


def cells(build):
    """({heading: columns}, [Cell]) of what the programs list; the first table that fits has it."""
    columns, found = {}, []
    for program in dict.fromkeys(table.program for table in TABLES):
        path = pathlib.Path(build, "tests", program)
        tests = listed(path)
        tables = [table for table in TABLES if table.program == program]
        for table in tables:
            columns[table.heading] = list(dict.fromkeys(
                parameter for suite, _, parameter in tests if suite == table.suite))
        for suite, test, parameter in tests:
            cell = place(tables, columns, (suite, test, parameter),
                         {other for suite_, _, other in tests if suite_ == suite})
            if cell:
                found.append(cell)
    return columns, found


def place(tables, columns, name, parameters):
    suite, test, parameter = name
    for table in tables:
        placed = [column_of(each, columns[table.heading])[0] for each in parameters]
        if not parameter or None in placed:
            continue
        column, detail = column_of(parameter, columns[table.heading])
        row = words(suite, test) + (f", {detail.replace('_', ' ')}" if detail else "")
        return Cell(table.heading, row, column, f"{suite}.{test}/{parameter}")
    return None


def run(build, tests):
    """{test: "pass" or its refusal}; raises NoPage. What fails beside others is run again alone."""
    results, troubles = {}, {}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        reports = pool.map(lambda part: reports_of(build, part),
                           [tests[i::AT_ONCE] for i in range(AT_ONCE)])
    for report in reports:
        read_report(report, results, troubles)
    again = {name: trouble for name, trouble in troubles.items() if trouble.endswith("failed")}
    for name in again:
        del troubles[name]
    read_report(reports_of(build, list(again)), results, troubles)
    if troubles:
        raise NoPage("\n".join(troubles.values()))
    return results


def reports_of(build, tests):
    """What the programs report of the tests: a list of <testcase>."""
    cases = []
    for program in dict.fromkeys(table.program for table in TABLES) if tests else ():
        with tempfile.TemporaryDirectory() as folder:
            report, flags = pathlib.Path(folder, "report.xml"), pathlib.Path(folder, "flags")
            flags.write_text(f"--gtest_filter={':'.join(tests)}\n--gtest_output=xml:{report}\n")
            subprocess.run([pathlib.Path(build, "tests", program), f"--gtest_flagfile={flags}"],
                           stdout=subprocess.DEVNULL, cwd=ROOT, check=False)
            if not report.exists():
                raise NoPage(f"{program} did not come to its end")
            cases += xml.parse(report).iter("testcase")
    return cases


def read_report(cases, results, troubles):
    for case in cases:
        read_case(case, results, troubles)


def read_case(case, results, troubles):
    name = f"{case.get('classname')}.{case.get('name')}"
    skipped = case.find("skipped")
    if case.find("failure") is not None:
        troubles[name] = f"{name} failed"
    elif skipped is None:
        results[name] = "pass"
    elif refusal := re.search(r"^refused: (.*; seen by .*)$", skipped.get("message", ""),
                              re.MULTILINE):
        results[name] = refusal[1]
    else:
        reason = " ".join(skipped.get("message", "").split())
        troubles[name] = f"{name} was skipped: {reason}"


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


def main():
    build, is_all = sys.argv[1], "--all" in sys.argv[2:]
    columns, found = cells(build)
    known = {} if is_all else read_page()
    wanted = [cell for cell in found if cell[:3] not in known]
    try:
        ran = run(build, [cell.test for cell in wanted]) if wanted else {}
    except NoPage as trouble:
        sys.exit(str(trouble))
    results = {cell[:3]: known.get(cell[:3]) or ran[cell.test] for cell in found}
    (ROOT / PAGE).write_text(page_of(columns, found, results))


if __name__ == "__main__":
    main()
