"""HTTP clients and folders for the tests of duet serve."""

import collections
import os
import subprocess

from program import PATIENCE_SECONDS, SOURCE, ServerCase, connect
from traffic import take_all

SITE = os.path.join(SOURCE, "examples", "site")

Answer = collections.namedtuple("Answer", "status headers body")


def parse_answer(data):
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(first.split()[1]), headers, body)


def ask(address, data):
    """Sends bytes and takes all that comes; the request says `Connection: close`, or is refused."""
    with connect(address) as client:
        client.sendall(data)
        return parse_answer(take_all(client))


def get(address, target, method="GET", **fields):
    """Asks for a target exactly as it is written: nothing is normalised or encoded. A field
    If-Range is given as if_range="…"."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return ask(address, f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        f"{lines}\r\n".encode())


def curl(*arguments, **options):
    """Runs curl; its output, or the failure of the test."""
    done = subprocess.run(["curl", "--no-progress-meter", "--max-time", str(PATIENCE_SECONDS),
                           *arguments], capture_output=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"curl {arguments}: {done.returncode} {done.stderr.decode()}")
    return done.stdout


def write(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


class SiteCase(ServerCase):
    def serve(self, folder, *arguments, **options):
        return self.start("serve", folder, *arguments, **options)

    def make(self, files):
        """A new folder with the files."""
        folder = self.folder()
        write(folder, files)
        return folder
