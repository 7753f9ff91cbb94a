"""The program duet, run as its users run it. Shared by the tests of this folder.

A test starts servers on port 0, reads where they listen, talks to them, and stops them by SIGTERM.
What holds for every server is checked when it stops: exit code 0, no process left, and nothing
logged unless the test says otherwise. CTest sets DUET (the program), DUET_BINARY_DIR and
DUET_SANITIZE; by hand, only DUET is needed.
"""

import collections
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

SANITIZER = os.environ.get("DUET_SANITIZE", "")
SOURCE = os.environ.get("DUET_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../.."))
DUET = os.path.abspath(os.environ.get("DUET", os.path.join(SOURCE, "build/test/duet")))
BUILT = os.environ.get("DUET_BINARY_DIR", os.path.dirname(DUET))

# How long anything may take before a test gives up; nothing waits that long if all is well.
PATIENCE_SECONDS = 90 if SANITIZER else 20

MIB = 1 << 20


class Model(collections.namedtuple("Model", "name engine", defaults=("",))):
    """A model as the command line takes it."""

    @property
    def arguments(self):
        return ["--model", self.name] + (["--engine", self.engine] if self.engine else [])

    @property
    def text(self):
        """As the line on standard output has it."""
        return f"{self.name}, engine {self.engine}" if self.engine else self.name

    @property
    def needs_uring(self):
        return "uring" in self


SINGLE = Model("single")
PROCESS = Model("process")
THREAD = Model("thread")
POLL = Model("poll")
EPOLL = Model("epoll")
URING = Model("uring")
POOL = Model("pool")
SPIN = Model("spin")
SELECT = Model("select")
SIGNAL = Model("signal")
AIO = Model("aio")
THREAD_EPOLL = Model("thread", "epoll")
THREAD_URING = Model("thread", "uring")

WORKER_MODELS = [POLL, EPOLL, URING]
CONCURRENT_MODELS = [PROCESS, THREAD, *WORKER_MODELS, THREAD_EPOLL, THREAD_URING]
ALL_MODELS = [SINGLE, *CONCURRENT_MODELS]
EVERY_MODEL = [*ALL_MODELS, POOL, SPIN, SELECT, SIGNAL, AIO]  # those for comparison, too


def under(*models):
    """Makes one test for each model of a method test_x(self, model)."""
    def mark(method):
        method.models = models
        return method
    return mark


def run(*arguments, launcher=(), **options):
    """Runs the program to its end."""
    return subprocess.run([*launcher, DUET, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE_SECONDS, **options)


def as_nobody():
    """A launcher: the command runs without any right."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def with_limit(limit):
    """A launcher: the command runs under a limit as prlimit(1) takes it."""
    return ["prlimit", f"--{limit}", "--"]


def built(name):
    """A program that the build made for these tests."""
    return os.path.join(BUILT, "tests", "app", name)


def example(name):
    """A program of examples/, as the build made it."""
    return os.path.join(BUILT, "examples", name)


def eventually(condition, what):
    """Waits for something that sends no event: looks again and again, for as long as is decent."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {PATIENCE_SECONDS} s: {what}")
        time.sleep(0.005)


def processes(is_wanted):
    """The numbers of the processes whose fields from state on, as in proc(5) stat, are wanted."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if is_wanted(fields):
            found.append(int(entry))
    return found


def children_of(process):
    return processes(lambda fields: int(fields[1]) == process)


def processes_of_session(session, zombies=True):
    return processes(lambda fields: int(fields[3]) == session and (zombies or fields[0] != "Z"))


class Server:
    """A server that runs. `addresses` are those it listens on, in the order of its lines."""

    def __init__(self, command, arguments, listens, launcher=(), **options):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*launcher, *command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, start_new_session=True, **options)
        self.command = " ".join(self.process.args)
        self.may_log = False
        try:
            self.lines = self.read_lines(listens)
        except BaseException:
            self.kill()
            raise
        self.addresses = [re.match(r"listening on (?:\w+://)?(\S+) ", line)[1]
                          for line in self.lines]

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return self.addresses[0]

    @property
    def url(self):
        return f"http://{self.address}"

    def read_lines(self, count):
        text = b""
        end = time.monotonic() + PATIENCE_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while text.count(b"\n") < count:
                if not selector.select(end - time.monotonic()):
                    raise AssertionError(f"{self.command}: not ready; said {text} {self.log()}")
                more = os.read(self.process.stdout.fileno(), 65536)
                if not more:
                    raise AssertionError(f"{self.command}: ended; said {text} {self.log()}")
                text += more
        return text.decode().splitlines()

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end; returns the exit code."""
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command}: does not end; said {self.log()}") from None

    def kill(self):
        for process in {*processes_of_session(self.pid), self.pid}:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Stops it by SIGTERM, if it still runs; checks what holds for every server."""
        if self.process.poll() is None:
            self.signal()
        try:
            self.check_end()
        finally:
            self.kill()
            self.errors.close()

    def check_end(self):
        code = self.wait()
        left = processes_of_session(self.pid)
        text, log = self.process.stdout.read(), self.log()
        said = f"{self.command}: exit code {code}, left {left}; said {text} {log}"
        if code != 0 or left or text or (log and not self.may_log):
            raise AssertionError(said)


class ServerCase(unittest.TestCase):
    """A test of servers. Its cleanup closes the clients first and stops the servers then."""

    def __init_subclass__(cls):
        for name, method in list(vars(cls).items()):
            for model in getattr(method, "models", ()):
                setattr(cls, f"{name}__{'_'.join(part for part in model if part)}",
                        cls.for_model(method, model))
            if hasattr(method, "models"):
                delattr(cls, name)

    @staticmethod
    def for_model(method, model):
        def test(self):
            if model.needs_uring:
                self.skip_without_uring()
            method(self, model)
        return test

    def skip_without_uring(self):
        reason = why_no_uring()
        if reason:
            self.skipTest(f"this machine cannot run uring: {reason}")

    def start(self, command, *arguments, under=EPOLL, listen=("127.0.0.1:0",), **options):
        """Starts `duet command arguments…` and returns when it listens.

        A `serve` that is not told where to log says nothing more on standard output."""
        if command == "serve" and not any("access-log" in str(word) for word in arguments):
            arguments = [*arguments, "--no-access-log"]
        listens = [word for address in listen for word in ("--listen", address)]
        server = Server([DUET, command], [*arguments, *listens, *under.arguments], len(listen),
                        **options)
        return self.keep(server)

    def keep(self, server):
        self.addCleanup(lambda: server.process.stdout.closed or server.stop())
        return server

    def connect(self, server_or_address):
        """A client's socket, TCP or Unix, closed at the end of the test."""
        address = getattr(server_or_address, "address", server_or_address)
        return self.closing(connect(address))

    def listen(self):
        """A listening socket of the test's own."""
        return self.closing(socket.create_server(("127.0.0.1", 0)))

    def closing(self, sock):
        sock.settimeout(PATIENCE_SECONDS)
        self.addCleanup(sock.close)
        return sock

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix="duet-")
        self.addCleanup(folder.cleanup)
        return os.path.realpath(folder.name)

    def need(self, tool):
        """Skips the test where a program of others is not installed."""
        path = shutil.which(tool)
        if not path:
            self.skipTest(f"{tool} is not installed")
        return path

    def assert_one_line(self, text, *parts):
        """An error is one line that says who speaks and what is the matter."""
        self.assertRegex(text, r"\Aduet: [^\n]+\n\Z")
        for part in parts:
            self.assertIn(part, text)


def connect(address):
    if address.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(address.removeprefix("unix:"))
        return client
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), PATIENCE_SECONDS)


def why_no_uring():
    if not hasattr(why_no_uring, "reason"):
        found = {model["name"]: model for model in json.loads(run("models", "--json").stdout)}
        why_no_uring.reason = "" if found["uring"]["available"] else found["uring"]["reason"]
    return why_no_uring.reason
