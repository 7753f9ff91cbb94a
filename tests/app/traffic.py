"""Bytes to and fro: what the tests' clients and targets do with their sockets."""

import concurrent.futures
import select
import socket

from program import PATIENCE_SECONDS


def pattern(count, seed=0):
    """Bytes whose order shows: no two places near each other look alike."""
    block = b"".join((i * 2654435761 + seed & 0xFFFFFFFF).to_bytes(4, "little")
                     for i in range(4099))
    return (block * (count // len(block) + 1))[:count]


def take(sock, count):
    """Exactly `count` bytes."""
    parts = []
    while count > 0:
        part = sock.recv(min(count, 1 << 18))
        if not part:
            raise AssertionError(f"the end came {count} bytes early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def take_all(sock):
    """Everything to the end."""
    parts = []
    while part := sock.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)


def ends(sock):
    """Whether the peer has gone without another byte; waits for that."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def exchange(sock, data):
    """Sends data and meanwhile takes as many bytes."""
    return both(lambda: sock.sendall(data), lambda: take(sock, len(data)))[1]


def both(*functions):
    """Runs the functions at once, and returns what they return."""
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as threads:
        return [future.result() for future in [threads.submit(f) for f in functions]]


def fill(*socks):
    """Writes to the sockets until the kernel takes no more from any; returns the counts."""
    counts = {sock: 0 for sock in socks}
    for sock in socks:
        sock.setblocking(False)
    while True:
        writable = select.select([], socks, [], 0.3)[1]
        if not writable:
            break
        for sock in writable:
            try:
                counts[sock] += sock.send(bytes(1 << 16))
            except BlockingIOError:
                pass
    for sock in socks:
        sock.settimeout(PATIENCE_SECONDS)
    return [counts[sock] for sock in socks]


def finish(sock):
    sock.shutdown(socket.SHUT_WR)


def reset(sock):
    """Ends the connection by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    sock.close()
