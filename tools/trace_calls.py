#!/usr/bin/env python3
"""Records the system calls of one request on a warm connection, under each model and pair.

    trace_calls.py DUET [MODEL...]

rewrites docs/models/calls.txt, all of it or the named sections, and the blocks of the pages in
docs/models that quote it. strace(1) watches all threads of the server; a call belongs to the
request if it returns after the one before was answered and before the server is at rest again.
Tries of a loop that polls stand once.
"""

import collections
import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOLDEN = "docs/models/calls.txt"
PAIRS = {"thread, engine epoll": ["--model", "thread", "--engine", "epoll"],
         "thread, engine uring": ["--model", "thread", "--engine", "uring"]}
MESSAGE = b"." * 64
GET = b"GET /style.css HTTP/1.1\r\nHost: here\r\n\r\n"
WARM = 5
REST_SECONDS = 0.15  # how long a server makes no call before it counts as being at rest
PATIENCE_SECONDS = 20
HEADER = """# The system calls of one request on a warm connection: an echo of 64 bytes, and a GET of a small
# file that was sent before. Recorded by tools/trace_calls.py. What ends in "…" goes on and on.
"""

Call = collections.namedtuple("Call", "task end text")


class CannotTrace(Exception):
    """strace is missing, or the system does not let it watch."""


def models(duet):
    """The options of each model and pair by its name, and why those that do not run do not."""
    listed = json.loads(subprocess.run([duet, "models", "--json"], check=True, capture_output=True,
                                       text=True).stdout)
    options = {model["name"]: ["--model", model["name"]] for model in listed
               if model["name"] != "auto"}
    reasons = {model["name"]: model["reason"] for model in listed if not model["available"]}
    reasons |= {pair: reasons[pair.split()[-1]] for pair in PAIRS if pair.split()[-1] in reasons}
    return options | PAIRS, reasons


class TracedServer:
    """`duet …` under strace. Ended when it leaves the `with`."""

    def __init__(self, duet, arguments):
        if not shutil.which("strace"):
            raise CannotTrace("strace is not installed")
        self.folder = tempfile.TemporaryDirectory()
        self.trace = pathlib.Path(self.folder.name, "trace")
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-yy", "-ttt", "-T", "-s", "0", "-o", str(self.trace),
             duet, *arguments, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r":(\d+)[ \n]", line)
        if not found:
            raise CannotTrace(self.process.communicate()[1].strip())
        self.port = int(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        for child in pathlib.Path(children).read_text().split():
            os.kill(int(child), 15)
        self.process.communicate(timeout=PATIENCE_SECONDS)
        self.folder.cleanup()

    def rest(self):
        """Returns when the server makes no more calls, or the same ones again and again."""
        end = time.time() + PATIENCE_SECONDS
        while time.time() < end:
            before = self.trace.stat().st_size
            time.sleep(REST_SECONDS)
            if self.trace.stat().st_size == before or self.is_polling():
                return

    def is_polling(self):
        tail = [call.text for call in calls(self.tail())][-12:]
        return len(tail) == 12 and all(map(is_try, tail))

    def tail(self):
        with self.trace.open("rb") as file:
            file.seek(max(0, self.trace.stat().st_size - 4096))
            return file.read().decode(errors="replace").splitlines()[1:-1]


# The C library's, when a thread first allocates something: no request's.
MEMORY = re.compile(r"(mmap|munmap|mprotect|brk|madvise)\(")


def plain(text):
    """A call as people write it: what descriptors are, sizes and flags, no contents and pointers."""
    text = re.sub(r"\d+<TCP(?:v6)?:\[[^\]]*->[^\]]*\]>", "connection", text)
    text = re.sub(r"\d+<TCP(?:v6)?:\[[^\]]*\]>", "listener", text)
    text = re.sub(r"\d+<anon_inode:\[(\w+)\]>", r"\1", text)
    text = text.replace("IORING_ENTER_", "")
    text = re.sub(r"(?<=io_uring_enter\()\d+(<(?:[^<>]|<[^<>]*>)*>)?", "ring", text)
    text = re.sub(r"\d+<signalfd:[^>]*>", "signalfd", text)
    text = re.sub(r"\d+<[^>]*/([^/>]*)>", r"\1", text)
    text = re.sub(r"0x[0-9a-f]+|\"\"\.\.\.", "…", text)
    previous = None
    while previous != text:  # innermost first
        previous = text
        text = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", "…", text)
    text = re.sub(r"(, (?:NULL|0))+\)", ")", text)
    text = re.sub(r" \([^()]*\)$", "", text)  # the error in words, what poll(2) changed
    return re.sub(r"= \? ERESTART\w+", "= EINTR", text)


def calls(lines):
    """The calls that have returned, in the order in which they did."""
    found, begun = [], {}
    for line in lines:
        match = re.match(r"(\d+) +(\d+\.\d+) (.*)$", line)
        if not match:
            continue
        task, start, text = match[1], float(match[2]), match[3]
        if text.endswith("<unfinished ...>"):
            begun[task] = text.removesuffix("<unfinished ...>").rstrip()
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)$", text)
        if resumed:
            before = begun.pop(task, "?(")
            text = before + (" " if before.endswith(",") else "") + resumed[1].lstrip()
            end = start
        timed = re.match(r"(.*?) <(\d+\.\d+)>$", text)
        if not timed or " = " not in timed[1] or MEMORY.match(text):
            continue
        end = start if resumed else start + float(timed[2])
        call, _, result = timed[1].rpartition(" = ")
        found.append(Call(task, end, plain(f"{call.rstrip()} = {result}")))
    return sorted(found, key=lambda call: call.end)


def is_try(text):
    """Whether the call found nothing: what a loop that polls does all the time."""
    return text.endswith(" = -1 EAGAIN")


def folded(texts):
    """Tries that go on and on stand once, in the order of their names; at the end they are left
    out, since they begin the next wait."""
    lines = []
    for tries, run in itertools.groupby(texts, is_try):
        run = list(run)
        distinct = sorted(set(run))
        if tries and len(distinct) < len(run):
            run = [*distinct[:-1], f"{distinct[-1]} …"]
        lines += run
    while lines and lines[-1].endswith(" = -1 EAGAIN …"):
        lines.pop()
        while lines and is_try(lines[-1]):
            lines.pop()
    return lines


def read_answer(client, request):
    if request == MESSAGE:
        size, text = len(MESSAGE), b""
    else:
        text = b""
        while b"\r\n\r\n" not in text:
            text += client.recv(65536)
        head, _, _ = text.partition(b"\r\n\r\n")
        size = len(head) + 4 + int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(text) < size:
        text += client.recv(65536)


def calls_of_one_request(duet, arguments, request):
    """The lines of the golden file for one server."""
    with TracedServer(duet, arguments) as server:
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_SECONDS) as client:
            for _ in range(WARM):
                client.sendall(request)
                read_answer(client, request)
            server.rest()
            begin = time.time()
            time.sleep(REST_SECONDS / 3)  # for a loop that polls, what it does meanwhile
            client.sendall(request)
            read_answer(client, request)
            server.rest()
            end = time.time()
        lines = server.trace.read_text(errors="replace").splitlines()
    return folded([call.text for call in calls(lines) if begin <= call.end <= end])


def section(duet, options):
    echo = calls_of_one_request(duet, ["echo", *options], MESSAGE)
    site = str(ROOT / "examples/site")
    http = calls_of_one_request(duet, ["serve", site, "--no-access-log", *options], GET)
    return {"echo": echo, "HTTP": http}


def read_golden(path=ROOT / GOLDEN):
    """{model: {"echo": [line], "HTTP": [line]}}"""
    found, lines = {}, []
    for line in path.read_text().splitlines() if path.exists() else []:
        heading = re.match(r"\[(.*)\] (\w+)$", line)
        if heading:
            lines = found.setdefault(heading[1], {}).setdefault(heading[2], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return found


def text_of(sections, names):
    blocks = [f"[{name}] {kind}\n" + "".join(f"{line}\n" for line in sections[name][kind])
              for name in names if name in sections for kind in ("echo", "HTTP")]
    return HEADER + "".join(f"\n{block}" for block in blocks)


def block_of(section_):
    """What a page quotes."""
    return "".join(f"{kind}:\n" + "".join(f"    {line}\n" for line in lines)
                   for kind, lines in section_.items())


BLOCK = re.compile(r"^```calls\n.*?^```$", re.MULTILINE | re.DOTALL)


def quote(page, section_):
    """The page with its block of calls made current."""
    return BLOCK.sub(lambda _: f"```calls\n{block_of(section_)}```", page)


def main():
    duet, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    options, reasons = models(duet)
    sections = read_golden()
    for name in wanted or options:
        if name in reasons:
            print(f"{name}: left as it was: {reasons[name]}", file=sys.stderr)
            continue
        sections[name] = section(duet, options[name])
    (ROOT / GOLDEN).write_text(text_of(sections, options))
    for name, section_ in sections.items():
        page = ROOT / f"docs/models/{name}.md"
        if page.exists():
            page.write_text(quote(page.read_text(), section_))


if __name__ == "__main__":
    main()
