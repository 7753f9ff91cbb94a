"""docs/models.md says what `duet models` says."""

import json
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(os.environ.get("DUET_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
DUET = os.environ.get("DUET", str(ROOT / "build/test/duet"))


def rows():
    """The cells of the page's table rows, by the name in the first one."""
    found = {}
    for line in (ROOT / "docs/models.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            found.setdefault(cells[0].strip("`"), cells)
    return found


@unittest.skipUnless(os.path.exists(DUET), "the program duet was not built")
class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = subprocess.run([DUET, "models", "--json"], check=True, capture_output=True,
                              text=True, timeout=60).stdout
        cls.models = json.loads(text)

    def test_each_has_a_row_with_its_summary_and_textbook_name(self):
        for model in self.models:
            row = rows().get(model["name"], [])
            self.assertIn(model["summary"], row)
            self.assertIn(model["textbook_name"], row)

    def test_those_for_comparison_are_named(self):
        text = " ".join((ROOT / "docs/models.md").read_text().split())
        sentence = re.search(r"\. ((?:`\w+`(?:, | and )?)+) are for comparison:", text)[1]
        named = set(re.findall(r"`(\w+)`", sentence))
        self.assertEqual(named, {model["name"] for model in self.models if model["for_comparison"]})

    def test_the_page_of_each_says_what_a_page_owes(self):
        for model in self.models:
            text = (ROOT / f"docs/models/{model['name']}.md").read_text()
            with self.subTest(model["name"]):
                headings = re.findall(r"^## (.*)$", text, re.M)
                owed = ["The two phases of a read, and who is blocked", "The calls of one request",
                        "What it cannot do", "When it wins, and when not"]
                if model["name"] == "auto":  # those of the model that it takes
                    owed.remove("The calls of one request")
                self.assertEqual(headings, owed)
                for part in "Stevens|Schmidt", "[Mm]ode switch", "[Cc]ontext switch", "blocked|block":
                    self.assertRegex(" ".join(text.split()), part)

    def test_the_page_on_files_has_each_model(self):
        text = (ROOT / "docs/models/files.md").read_text()
        cells = "".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
        self.assertEqual(set(re.findall(r"`(\w+)`", cells)),
                         {model["name"] for model in self.models} - {"auto"})
        self.assertRegex(text, r"is the \*page cache\*, and nothing else")

    def test_each_row_names_the_engine(self):
        for model in self.models:
            engine = "best selector" if model["name"] == "auto" else f"`{model['engine']}`"
            self.assertIn(engine, rows()[model["name"]])


if __name__ == "__main__":
    unittest.main()
