"""A server under test: a command, and how to see that it is ready."""

import contextlib
import dataclasses
import re
import select
import socket
import subprocess
import tempfile
import time

READY = re.compile(rb"^listening on \w+://(\S+)")
READY_SECONDS = 10
STOP_SECONDS = 10


class ServerError(Exception):
    """A server did not start, or did not serve; the text says what it said itself."""


@dataclasses.dataclass(frozen=True)
class Server:
    """Its command says where it listens when it is ready. For servers that say nothing the command
    is a function: given a port of 127.0.0.1, it returns the command that listens there."""

    name: str
    command: object


@contextlib.contextmanager
def running(server, placement):
    """Starts the server, gives (pid, "HOST:PORT"), and stops it at the end."""
    port = free_port() if callable(server.command) else None
    command = server.command(port) if port else server.command
    with tempfile.TemporaryFile() as errors:
        process = placement.start(command, placement.server_core, bufsize=0,
                                  stdout=subprocess.PIPE, stderr=errors)
        try:
            address = answering_address(process, port) if port else announced_address(process)
            if not address:
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip() or "it said nothing"
                raise ServerError(f"{server.name} is not ready: {said}")
            yield process.pid, address
        finally:
            stop(process)


def add_built(servers, missing, name, command):
    """Adds a server to the list, or to the dict a line on why there is none."""
    if command[0].exists():
        servers.append(Server(name, tuple(map(str, command))))
    else:
        missing[name] = f"{name}: {command[0]} is not built"


def announced_address(process):
    """Waits for the one line that a server prints when it is ready; None if another comes."""
    ready, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if ready else b""
    match = READY.match(line)
    return match.group(1).decode() if match else None


def free_port():
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answering_address(process, port):
    """Waits until the port takes a connection; None if it does not, or the server has ended."""
    patience = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < patience:
        try:
            with socket.create_connection(("127.0.0.1", port), READY_SECONDS):
                return f"127.0.0.1:{port}"
        except ConnectionRefusedError:
            time.sleep(0.01)
    return None


def stop(process):
    process.stdout.close()
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
