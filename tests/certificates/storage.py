"""An S3-speaking server of our own: moto as a process on loopback, to be stopped and started like any other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from socket import create_server

from academy.env import ObjectStorage
from certificates.store.s3 import bucket

STARTS_WITHIN_SECONDS = 60


class S3Server:
    """Keeps everything in memory: stopping it loses what it held, and `start` makes the bucket anew."""

    def __init__(self) -> None:
        with create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def storage(self, **fields: str) -> ObjectStorage:
        given = {"bucket": "sertifikat", "prefix": "akademi/", "access_key": "kunci", "secret_key": "rahasia"}
        return ObjectStorage(**{"endpoint": self.url, "region": "us-east-1"} | given | fields)

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while not self._answers():
            assert self.process.poll() is None, "moto did not start"
            assert time.monotonic() < deadline, "moto does not answer"
            time.sleep(0.2)
        self.empty()

    def empty(self) -> None:
        """As a new server with an empty bucket that takes every key."""
        self._post("/moto-api/reset")
        self._post("/moto-api/reset-auth", b"Infinity")
        bucket(self.storage()).client.create_bucket(Bucket="sertifikat")

    def refuse_unknown_keys(self) -> None:
        self._post("/moto-api/reset-auth", b"0")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        try:
            self._post("/moto-api/reset")
        except OSError:
            return False
        return True

    def _post(self, path: str, data: bytes = b"") -> None:
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(line):
            line.request("POST", path, body=data, headers={"Content-Type": "text/plain"})
            assert line.getresponse().status == 200


@contextmanager
def running_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    try:
        yield server
    finally:
        server.kill()
