"""tools/check_docs.py: each kind of stale statement is found, and what holds passes."""

import os
import pathlib
import sys
import tempfile
import unittest

ROOT = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from check_docs import check  # noqa: E402

ECHO = "Task<> echo(Stream peer) {\n  co_return;\n}\n"
RELAY = "Task<> pump(Stream& to) {\n  co_return;\n}\n\nTask<> relay(Stream client) {\n  all();\n}\n"
TREE = {
    "README.md": "# duet\n\n```cpp\n" + ECHO + "```\n",
    "docs/MAP.md": "# Map\n",
    "docs/models.md": "# The models\n\n## Idle, and drain\n",
    "bench/README.md": "`lib/echo.py`, `table.py`\n",
    "bench/lib/echo.py": "",
    "bench/lib/table.py": "",
    "examples/echo.cpp": ECHO + "\nint main() {}\n",
    "apps/duet/echo.cpp": "namespace {\n\n" + ECHO + "\n}\n",
    "examples/relay.cpp": RELAY,
    "apps/duet/relay.cpp": RELAY,
    "src/loop/loop.cpp": "// jump\nvoid Loop::run_turn() { run(); }\n",
}


class CheckDocs(unittest.TestCase):
    def findings(self, path, text):
        """What the check says about TREE with one file changed."""
        return self.findings_of({**TREE, path: text})

    def findings_of(self, tree):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, content in tree.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(content)
            return check(root)

    def assert_passes(self, path, text):
        self.assertEqual(self.findings(path, text), [])

    def assert_found(self, path, text, message):
        findings = self.findings(path, text)
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(message, findings[0])
        return findings[0]

    def in_map(self, text):
        return "docs/MAP.md", "# Map\n\n" + text + "\n"

    def test_a_tree_whose_documents_hold_passes(self):
        self.assert_passes("docs/MAP.md", TREE["docs/MAP.md"])

    def test_a_finding_names_page_and_line(self):
        finding = self.assert_found(*self.in_map("one\n`src/gone.cpp`"), "no file src/gone.cpp")
        self.assertTrue(finding.startswith("docs/MAP.md:4: error: "), finding)

    def test_a_file_that_is_gone_is_found_in_the_readme_too(self):
        self.assert_found("README.md", TREE["README.md"] + "\n`docs/gone.md`\n", "docs/gone.md")

    def test_a_folder_that_is_gone_is_found(self):
        self.assert_found(*self.in_map("`src/stage/`"), "src/stage/")

    def test_a_file_name_without_a_folder_has_to_exist_too(self):
        self.assert_found(*self.in_map("`loop.cpp`"), "loop.cpp")

    def test_a_pattern_means_at_least_one_file(self):
        self.assert_passes(*self.in_map("`src/*/*.cpp`"))
        self.assert_found(*self.in_map("`src/*/*.txt`"), "src/*/*.txt")

    def test_a_file_is_named_from_the_folder_of_its_page(self):
        self.assert_passes("docs/models.md", "# The models\n\n`MAP.md`\n")

    def test_what_is_no_file_is_left_alone(self):
        self.assert_passes(*self.in_map("`read_some`, `--model thread`, `x/y`, `HOST:PORT`, `3/4`"))

    def test_what_a_build_makes_is_left_alone_whether_it_was_built_or_not(self):
        page = {"docs/MAP.md": "`build/duet`\n"}
        self.assertEqual(self.findings_of(TREE | page), [])
        self.assertEqual(self.findings_of(TREE | page | {"build/other": ""}), [])

    def test_blocks_of_code_and_output_are_left_alone(self):
        self.assert_passes(*self.in_map("```\n`src/gone.cpp`\n```\n\n    `src/gone.cpp`\n"))

    def test_a_name_that_its_file_has_passes(self):
        self.assert_passes(*self.in_map("| `src/loop/loop.cpp`: `run_turn`, `Loop::run_turn()` |"))

    def test_a_name_that_its_file_lacks_is_found(self):
        self.assert_found(*self.in_map("- `src/loop/loop.cpp`: `run_turns`"), "has no run_turns")

    def test_a_part_of_a_longer_name_is_not_the_name(self):
        self.assert_found(*self.in_map("`src/loop/loop.cpp`: `turn`"), "has no turn")

    def test_a_name_that_only_a_comment_has_is_found(self):
        self.assert_found(*self.in_map("`src/loop/loop.cpp`: `jump`"), "has no jump")

    def test_a_name_belongs_to_the_last_file_before_it(self):
        text = "`src/loop/loop.cpp` `run`, `examples/echo.cpp` `main` and `run`"
        self.assert_found(*self.in_map(text), "examples/echo.cpp has no run")

    def test_a_name_belongs_to_no_file_of_another_paragraph_item_or_row(self):
        for gap in ("\n\n", "\n- ", "\n2. ", "\n| "):
            self.assert_passes(*self.in_map(f"- `src/loop/loop.cpp`{gap}`nowhere`"))

    def test_names_are_checked_in_the_map_only(self):
        self.assert_passes("docs/models.md", "# The models\n\n`src/loop/loop.cpp`: `nowhere`\n")

    def test_a_link_leads_to_a_file_or_a_heading(self):
        for target in ("models.md", "../README.md", "#map", "models.md#idle-and-drain",
                       "https://example.org/x"):
            self.assert_passes(*self.in_map(f"[there]({target})"))

    def test_a_link_to_a_file_that_is_gone_is_found(self):
        self.assert_found(*self.in_map("[there](gone.md)"), "leads nowhere")

    def test_a_link_out_of_the_repository_is_found(self):
        self.assert_found(*self.in_map("[there](../../README.md)"), "leads nowhere")

    def test_a_link_to_a_heading_that_is_gone_is_found(self):
        self.assert_found(*self.in_map("[there](models.md#drain)"), "no heading")

    def test_a_path_outside_of_the_repository_is_found_wherever_it_stands(self):
        for text in ("/home/someone", "`/home/someone/x`", "```\ncd /home/someone\n```"):
            self.assert_found(*self.in_map(text), "/home/someone")

    def test_a_code_span_that_leads_upwards_is_found(self):
        self.assert_found(*self.in_map("`../other`"), "../other")

    def test_addresses_and_places_of_every_system_are_no_such_paths(self):
        self.assert_passes(*self.in_map("http://a.org/b/c, /proc/self/fd, /style.css, and/or/not"))

    def test_an_example_is_the_same_text_wherever_it_stands(self):
        changed = ECHO.replace("co_return", "return")
        self.assert_found("README.md", "# duet\n\n```cpp\n" + changed + "```\n", "function echo")
        self.assert_found("apps/duet/echo.cpp", changed, "function echo")
        self.assert_found("apps/duet/relay.cpp", RELAY.replace("all", "any"), "function relay")
        self.assert_found("apps/duet/relay.cpp", RELAY.replace("Stream& to", "Stream to"), "pump")

    def test_an_example_that_is_gone_is_found(self):
        self.assert_found("README.md", "# duet\n", "no function echo")


if __name__ == "__main__":
    unittest.main()
