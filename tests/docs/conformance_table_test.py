"""docs/conformance.md has a cell for each test of a behaviour, and what it calls refused is."""

import os
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

ROOT = pathlib.Path(os.environ.get("DUET_SOURCE_DIR", pathlib.Path(__file__).parents[2])).resolve()
BUILD = pathlib.Path(os.environ.get("DUET_BINARY_DIR", ROOT / "build/test"))
sys.path.insert(0, str(ROOT / "tools"))
import conformance_table as table  # noqa: E402

# A test program: reports each test that it is to run as passed, unless one of them crashes it.
CRASHING = """#!/usr/bin/env python3
import sys
filters, output = open(sys.argv[1].partition("=")[2]).read().split()
names = filters.partition("=")[2].split(":")
if "Echo.crashes/epoll" in names:
    sys.exit(1)
cases = "".join('<testcase classname="%s" name="%s"/>' % tuple(name.split(".")) for name in names)
open(output.partition("xml:")[2], "w").write(f"<testsuites>{cases}</testsuites>")
"""

TO_DO = "run: python3 tools/conformance_table.py build/test"


@unittest.skipUnless(all((BUILD / "tests" / program).exists() for program in table.PROGRAMS),
                     "the tests in C++ were not built")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.columns, cls.cells = table.cells(BUILD)
        cls.page = table.read_page()

    def test_it_has_a_cell_for_each_test_and_no_other(self):
        listed = {cell[:3] for cell in self.cells}
        self.assertEqual(sorted(listed - set(self.page))[:5], [], f"missing; {TO_DO}")
        self.assertEqual(sorted(set(self.page) - listed)[:5], [], f"out of date; {TO_DO}")

    def test_each_cell_is_pass_or_a_refusal_that_a_test_sees_which_passes(self):
        seen = {}
        for cell in self.cells:
            values = seen.setdefault(table.plain_name(cell.test), {})
            values.setdefault(cell.column, []).append(self.page.get(cell[:3]))
        for (_, row, column), value in self.page.items():
            if value == "pass":
                continue
            self.assertIn("; seen by ", value, row)
            by = value.rpartition("; seen by ")[2]
            self.assertIn("pass", seen.get(by, {}).get(column, []), f"{row}, {column}: {by}")

    def test_what_it_calls_refused_is_refused(self):
        refused = [cell for cell in self.cells if self.page.get(cell[:3], "pass") != "pass"]
        self.assertEqual(table.run(BUILD, refused), {(cell.program, cell.test): self.page[cell[:3]]
                                                     for cell in refused}, TO_DO)


class Reading(unittest.TestCase):
    def test_a_name_becomes_a_sentence(self):
        self.assertEqual(table.words("HttpHandler", "may_leave_a_body"),
                         "Http handler: may leave a body")

    def test_a_refusal_names_a_test_without_its_parameter(self):
        self.assertEqual(table.plain_name("engines/Wake.works/epoll"), "Wake.works")

    def test_a_suite_stands_where_its_parameters_are_columns(self):
        columns = {"Models and pairs": ["epoll", "thread_epoll"],
                   "Further pairs": ["process_poll"],
                   "Engines": ["epoll", "aio", "blocking"],
                   "Selectors": ["epoll"]}
        for program, suite, parameter, others, expected in [
                ("conformance_test", "Echo", "epoll", [], ("Models and pairs", "Echo: x", "epoll")),
                ("conformance_test", "Echo", "process_poll", ["epoll"],
                 ("Further pairs", "Echo: x", "process_poll")),
                ("conformance_test", "Wake", "epoll", ["blocking"], ("Engines", "Wake: x", "epoll")),
                ("io_test", "SelectorWaiting", "epoll", [],
                 ("Selectors", "Selector waiting: x", "epoll")),
                ("io_test", "once/MechanismTest", "once_epoll", [],
                 ("Selectors", "Mechanism: x, once", "epoll")),
                ("io_test", "AioEngine", "signal", [], ("Engines", "Aio engine: x", "aio")),
                ("loop_test", "engines/LoopDeathTest", "epoll", [], ("Engines", "Loop: x", "epoll"))]:
            test = table.Test(program, suite, "x", parameter)
            cell = table.place(columns, test, {table.parameter_of(test), *others})
            self.assertEqual(cell[:3], expected)
        self.assertIsNone(table.place(columns, table.Test("loop_test", "Heap", "x", ""), {""}))

    def test_a_page_reads_as_it_was_written(self):
        cells = [table.Cell("Models", "Echo: works", "epoll", "any", "Echo.works/epoll"),
                 table.Cell("Models", "Echo: works", "single", "any", "Echo.works/single"),
                 table.Cell("Models", "Limit: is told", "epoll", "any", "Limit.is_told/epoll")]
        results = {cells[0][:3]: "pass", cells[1][:3]: "no; seen by Echo.other",
                   cells[2][:3]: "pass"}
        text = table.page_of({"Models": ["single", "epoll"]}, cells, results)
        self.assertNotIn("|  |", text.replace(table.PECULIAR, ""))
        path = unittest.mock.Mock(exists=lambda: True, read_text=lambda: text)
        self.assertEqual(table.read_page(path), results)

    def test_a_test_that_ends_the_program_fails_alone(self):
        with tempfile.TemporaryDirectory() as build:
            program = pathlib.Path(build, "tests/any")
            program.parent.mkdir()
            program.write_text(CRASHING)
            program.chmod(0o755)
            cells = [table.Cell("Models", name, "epoll", "any", f"Echo.{name}/epoll")
                     for name in ("works", "crashes", "ends")]
            with unittest.mock.patch.object(table, "PROGRAMS", ["any"]), \
                    unittest.mock.patch.object(table, "AT_ONCE", 1):
                with self.assertRaisesRegex(table.NoPage, "^Echo.crashes/epoll failed$"):
                    table.run(build, cells)
                self.assertEqual(list(table.run(build, [cells[0], cells[2]]).values()), ["pass"] * 2)

    def test_a_skip_that_is_no_refusal_gives_no_page(self):
        case = table.xml.fromstring('<testcase classname="Echo" name="works/epoll">'
                                    '<skipped message="a.cpp:1&#10;not here: no disk"/></testcase>')
        results, troubles = {}, {}
        table.read_case("any", case, results, troubles)
        self.assertEqual(results, {})
        self.assertEqual(list(troubles.values()),
                         ["Echo.works/epoll was skipped: a.cpp:1 not here: no disk"])


if __name__ == "__main__":
    unittest.main()
