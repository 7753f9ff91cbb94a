"""A server under test: a command that says where it listens when it is ready."""

import contextlib
import dataclasses
import re
import select
import subprocess
import tempfile

READY = re.compile(rb"^listening on \w+://(\S+)")
READY_SECONDS = 10
STOP_SECONDS = 10


class ServerError(Exception):
    """A server did not start, or did not serve; the text says what it said itself."""


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    command: tuple


@contextlib.contextmanager
def running(server, placement):
    """Starts the server, gives (pid, "HOST:PORT"), and stops it at the end."""
    with tempfile.TemporaryFile() as errors:
        process = placement.start(server.command, placement.server_core, bufsize=0,
                                  stdout=subprocess.PIPE, stderr=errors)
        try:
            yield process.pid, address_of(server, process, errors)
        finally:
            stop(process)


def address_of(server, process, errors):
    """Waits for the one line that a server prints when it is ready."""
    ready, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if ready else b""
    match = READY.match(line)
    if match:
        return match.group(1).decode()
    errors.seek(0)
    said = errors.read().decode(errors="replace").strip() or "it said nothing"
    raise ServerError(f"{server.name} is not ready: {said}")


def stop(process):
    process.stdout.close()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
