"""tools/check_layers.py: each rule is enforced, and what a layer may do passes."""

import os
import pathlib
import sys
import tempfile
import unittest

ROOT = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from check_layers import check  # noqa: E402

TREE = {
    "include/duet/base/error.hpp": "#include <string>\n#include <fmt/format.h>\n",
    "include/duet/sys/address.hpp": '#include "duet/base/error.hpp"\n',
    "include/duet/io/operation.hpp": '#include "duet/sys/address.hpp"\n',
    "include/duet/loop/loop.hpp": '#include "duet/io/operation.hpp"\n',
    "include/duet/duet.hpp": '#include "duet/io/operation.hpp"\n#include "duet/loop/loop.hpp"\n',
    "src/sys/fd.hpp": "#include <unistd.h>\n",
    "src/io/perform.hpp": '#include "sys/fd.hpp"\n',
    "src/io/perform.cpp": '#include "perform.hpp"\n#include "io/perform.hpp"\n',
    "src/loop/loop.cpp": '#include "duet/loop/loop.hpp"\nthread_local int current;\n',
}


class CheckLayers(unittest.TestCase):
    def findings(self, path, text):
        """What the check says about TREE with one more file."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, content in {**TREE, path: text}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content)
            return check(root)

    def assert_found(self, path, text, message):
        findings = self.findings(path, text)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(message, findings[0])
        return findings[0]

    def test_a_tree_that_keeps_the_rules_passes(self):
        self.assertEqual(self.findings("src/io/a.cpp", '#include "sys/fd.hpp"\n'), [])

    def test_a_finding_names_file_and_line(self):
        finding = self.assert_found("src/base/a.cpp", '\n#include "duet/io/operation.hpp"\n', "")
        self.assertTrue(finding.startswith("src/base/a.cpp:2: error: "), finding)

    def test_a_layer_may_not_include_a_higher_one(self):
        self.assert_found("src/io/a.cpp", '#include "duet/loop/loop.hpp"\n',
                          "layer io may not include layer loop")

    def test_a_layer_may_not_include_a_higher_one_by_a_relative_path(self):
        self.assert_found("src/sys/a.cpp", '#include "../io/perform.hpp"\n',
                          "layer sys may not include layer io")

    def test_a_layer_may_not_include_a_header_that_gathers_others(self):
        self.assert_found("src/io/a.cpp", '#include "duet/duet.hpp"\n',
                          "layer io may not include layer duet")

    def test_a_public_header_shows_no_system_header(self):
        self.assert_found("include/duet/sys/a.hpp", "#include <sys/socket.h>\n", "public headers")

    def test_only_sys_includes_system_headers(self):
        self.assert_found("src/loop/a.cpp", "#include <pthread.h>\n", "only src/sys")

    def test_headers_private_to_sys_are_for_io_and_runtime_alone(self):
        self.assert_found("src/loop/a.cpp", '#include "sys/fd.hpp"\n', "private to layer sys")

    def test_a_public_header_includes_no_private_one(self):
        self.assert_found("include/duet/io/a.hpp", '#include "io/perform.hpp"\n', "private")

    def test_an_include_of_a_file_that_is_gone_is_found(self):
        self.assert_found("src/io/a.cpp", '#include "duet/io/gone.hpp"\n', "does not exist")

    def test_a_folder_that_is_no_layer_is_found(self):
        self.assert_found("src/misc/a.cpp", "\n", "no known layer")

    def test_the_library_reads_no_environment(self):
        self.assert_found("src/io/a.cpp", 'auto* home = std::getenv("HOME");\n', "environment")

    def test_a_comment_about_the_environment_passes(self):
        self.assertEqual(self.findings("src/io/a.cpp", "// no getenv, no thread_local\n"), [])

    def test_what_a_debug_build_watches_may_be_thread_local(self):
        self.assertEqual(self.findings("src/sys/held_mutexes.cpp", "thread_local int i;\n"), [])

    def test_a_second_thread_local_is_found_with_the_first(self):
        findings = self.findings("src/io/a.cpp", "thread_local int i;\n")
        self.assertEqual([finding.split(":")[0] for finding in findings],
                         ["src/io/a.cpp", "src/loop/loop.cpp"])


if __name__ == "__main__":
    unittest.main()
