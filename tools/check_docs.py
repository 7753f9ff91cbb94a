#!/usr/bin/env python3
"""Checks that what the documents say of the sources still holds.

    check_docs.py [ROOT]

In README.md, bench/README.md, docs/*.md, docs/guide/*.md and docs/models/*.md:
  - a file in a code span (`src/io/perform.cpp`) exists, from the root or from the page's folder;
  - a link leads to a file, and its #anchor to a heading, of this repository;
  - no path leads out of the repository, except to places that every Linux system has.
In docs/MAP.md a name in a code span belongs to the file before it in the same paragraph, list item
or table row, and occurs there in the code. Models and system calls are therefore written plain.
The handlers of EXAMPLES are the same text wherever they stand.
"""

import pathlib
import re
import sys

from check_layers import without_comments

PAGES = ["README.md", "bench/README.md", "docs/*.md", "docs/guide/*.md", "docs/models/*.md"]
MAP = "docs/MAP.md"
EXAMPLES = {
    "echo": ["examples/echo.cpp", "README.md", "apps/duet/echo.cpp"],
    "pump": ["examples/relay.cpp", "apps/duet/relay.cpp"],
    "relay": ["examples/relay.cpp", "apps/duet/relay.cpp"],
}
BUILT = "build"  # what is there depends on what was built last
SYSTEM_FOLDERS = ("dev", "etc", "proc", "run", "sys", "usr")

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}[^\n]*\n+)+")
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
FILE = re.compile(r"\.?[\w*-][\w.*-]*(?:/[\w.*-]+)*/?")
FILE_ENDING = re.compile(r"\.(?:cpp|hpp|py|md|sh|txt|cmake|html)$")
NAME = re.compile(r"~?[A-Za-z_]\w*(?:::~?\w+)*(?:\(\))?")
ABSOLUTE = re.compile(r"(?<![\w./:*<>)\]-])/([A-Za-z][\w.-]*)/[\w.-]+")


def blanked(text, *patterns):
    """The text without what the patterns match; lines keep their numbers."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    return text


def pages_of(root):
    return [page for pattern in PAGES for page in sorted(root.glob(pattern))]


class Page:
    """One document; collects findings in the format of compilers."""

    def __init__(self, root, path):
        self.root, self.path = root, path
        self.text = path.read_text()
        self.prose = blanked(self.text, FENCE, INDENTED)
        self.findings = []

    def report(self, offset, error):
        line = self.text.count("\n", 0, offset) + 1
        self.findings.append(f"{self.path.relative_to(self.root)}:{line}: error: {error}")

    def find(self, name):
        """The first file of this repository that a name, or a pattern, means; or None."""
        for folder in (self.root, self.path.parent):
            for found in sorted(folder.glob(name.rstrip("/"))):
                return found
        return None

    def file_named(self, span):
        """(whether the span names a file of ours, the file or None)."""
        if not FILE.fullmatch(span):
            return False, None
        first = span.split("/")[0]
        if first == BUILT:
            return False, None
        is_ours = "/" in span and (self.root / first).exists()
        if not is_ours and not FILE_ENDING.search(span):
            return False, None
        return True, self.find(span)

    def check_files(self):
        for match in SPAN.finditer(self.prose):
            is_file, file = self.file_named(match[1])
            if is_file and file is None and not self.is_beside_previous(match):
                self.report(match.start(), f"there is no file {match[1]}")

    def is_beside_previous(self, match):
        """Whether a bare name is in the folder of the file before it: `lib/echo.py`, `table.py`."""
        line_start = self.prose.rfind("\n", 0, match.start()) + 1
        before = SPAN.findall(self.prose[line_start:match.start()])
        files = [self.find(span) for span in before if "/" in span and FILE.fullmatch(span)]
        return "/" not in match[1] and any(file and (file.parent / match[1]).exists()
                                           for file in files)

    def check_links(self):
        for match in LINK.finditer(self.prose):
            target, _, anchor = match[1].partition("#")
            if ":" in target:
                continue  # a web page
            file = (self.path.parent / target).resolve() if target else self.path
            if not file.is_relative_to(self.root) or not file.exists():
                self.report(match.start(), f"the link leads nowhere: {match[1]}")
            elif anchor and anchor not in map(slug, HEADING.findall(file.read_text())):
                self.report(match.start(), f"no heading of that name: {match[1]}")

    def check_paths(self):
        for match in ABSOLUTE.finditer(self.text):
            if match[1] not in SYSTEM_FOLDERS:
                self.report(match.start(), f"a path outside of the repository: {match.group()}")
        for match in SPAN.finditer(self.prose):
            if match[1].startswith("../"):
                self.report(match.start(), f"write it from the root: {match[1]}")

    def check_names(self):
        """Of the map: each name occurs in the file before it."""
        offset = 0
        for block in re.split(r"(\n[ \t]*\n|\n(?=[ \t]*(?:[-*|]|\d+\.) ?))", self.prose):
            file = None
            for match in SPAN.finditer(block):
                is_file, found = self.file_named(match[1])
                if is_file:
                    file = found
                elif file and file.is_file() and NAME.fullmatch(match[1]):
                    self.check_name(offset + match.start(), match[1], file)
            offset += len(block)

    def check_name(self, at, name, file):
        code = file.read_text()
        if file.suffix in (".cpp", ".hpp"):
            code = without_comments(code)
        for part in name.removesuffix("()").split("::"):
            if not re.search(rf"(?<!\w){re.escape(part)}\b", code):
                self.report(at, f"{file.relative_to(self.root)} has no {part}")

    def check(self):
        self.check_files()
        self.check_links()
        self.check_paths()
        if self.path == self.root / MAP:
            self.check_names()
        return self.findings


def slug(heading):
    """The anchor of a heading, as the common renderers make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def function_text(text, name):
    """The definition of a task at the left margin, or None."""
    found = re.search(rf"^Task<[^\n]*> {name}\(.*?^}}$", text, re.MULTILINE | re.DOTALL)
    return found and found.group()


def example_findings(root):
    for name, files in EXAMPLES.items():
        texts = {file: function_text((root / file).read_text(), name)
                 for file in files if (root / file).exists()}
        first = files[0]
        for file in files:
            if not texts.get(file):
                yield f"{file}:1: error: it has no function {name}"
            elif texts[file] != texts.get(first):
                yield f"{file}:1: error: the function {name} is not that of {first}"


def check(root):
    findings = [finding for path in pages_of(root) for finding in Page(root, path).check()]
    return findings + list(example_findings(root))


def main():
    findings = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
