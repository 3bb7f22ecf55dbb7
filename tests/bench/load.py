"""Load over real connections, and what it cost the server: CPU time of its whole process tree, from the kernel."""

from __future__ import annotations

import itertools
import socket
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil

TIMEOUT_SECONDS = 60
# Every connection comes from an address of its own, as every reader does: limits per address are not what we measure.
_readers = itertools.count(1)
CSRF = "b" * 32  # cookie and field hold the same token: all that the check asks for


def get(path: str, *, host: str, session: str = "") -> bytes:
    return _head("GET", path, host, session) + b"\r\n"


def post(path: str, *, host: str, session: str, fields: dict[str, str] | None = None) -> bytes:
    body = urlencode({"csrfmiddlewaretoken": CSRF, **(fields or {})}).encode()
    head = _head("POST", path, host, session)
    return (
        head + f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )


def _head(method: str, path: str, host: str, session: str) -> bytes:
    cookie = f"Cookie: csrftoken={CSRF}; sessionid={session}\r\n" if session else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n{cookie}".encode()


@dataclass
class Outcome:
    """Of one burst of requests: the statuses, seconds each took, the seconds of all, and the server's CPU seconds."""

    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    whole: float = 0
    cpu: float = 0
    size: int = 0

    @property
    def cpu_ms(self) -> float:
        """Of the server, per request."""
        return self.cpu * 1000 / len(self.statuses)

    @property
    def errors(self) -> int:
        return sum(status >= 400 or status == 0 for status in self.statuses)

    def percentile(self, share: int) -> float:
        """Milliseconds below which `share` of a hundred answers came."""
        return statistics.quantiles(self.seconds, n=100)[share - 1] * 1000


def cpu_seconds(pid: int) -> float:
    """CPU time so far of a process and its children, to the nanosecond (`/proc` also counts in ticks of 10 ms)."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    files = [file for process in family for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def burst(queues: Sequence[Sequence[bytes]], *, port: int, pid: int) -> Outcome:
    """Send each queue of requests one after the other on a kept connection of its own, all queues at once."""
    outcome, lock = Outcome(), threading.Lock()
    barrier = threading.Barrier(len(queues) + 1)

    def client(connection: socket.socket, queue: Sequence[bytes]) -> None:
        statuses, seconds, size = [], [], 0
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            barrier.wait()
            for request in queue:
                began = time.perf_counter()
                connection.sendall(request)
                status, length = _read_answer(connection)
                seconds.append(time.perf_counter() - began)
                statuses.append(status)
                size = length
        with lock:
            outcome.statuses += statuses
            outcome.seconds += seconds
            outcome.size = size

    connections = [_connect(port) for _queue in queues]
    with ThreadPoolExecutor(len(queues)) as pool:
        clients = [pool.submit(client, *each) for each in zip(connections, queues, strict=True)]
        cpu = cpu_seconds(pid)
        barrier.wait()
        began = time.perf_counter()
        for each in clients:
            each.result()
        outcome.whole = time.perf_counter() - began
        outcome.cpu = cpu_seconds(pid) - cpu
    return outcome


def steady(queue: Sequence[bytes], *, port: int, every: float, over: threading.Event) -> list[float]:
    """Send these requests again and again on one connection, one every so many seconds; the seconds each took."""
    taken = []
    with _connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in itertools.cycle(queue):
            if over.is_set():
                break
            began = time.perf_counter()
            connection.sendall(request)
            status, _length = _read_answer(connection)
            assert status == 200, status
            taken.append(time.perf_counter() - began)
            over.wait(max(0.0, every - taken[-1]))
    return taken


def _connect(port: int) -> socket.socket:
    number = next(_readers)
    source = f"127.{1 + number // 64516 % 254}.{1 + number // 254 % 254}.{1 + number % 254}"
    return socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS, source_address=(source, 0))


def _read_answer(connection: socket.socket) -> tuple[int, int]:
    """The status and the length of the body, which comes with its length or in chunks."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if headers.get(b"transfer-encoding") == b"chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _receive(connection)
        return int(head[9:12]), len(body)
    left = int(headers.get(b"content-length", 0)) - len(body)
    while left > 0:
        left -= len(_receive(connection))
    return int(head[9:12]), int(headers.get(b"content-length", 0))


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data
