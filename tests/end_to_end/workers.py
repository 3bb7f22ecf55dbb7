"""A worker of our own to be killed, and the file broker it shares with the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from academy.celery import app

PROJECT = Path(__file__).resolve().parents[2]


class Worker:
    """A real Celery worker on the test's database and on a file broker of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, queue: str = "prompt") -> None:
        environment = os.environ | {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": "filesystem://",
            "REDIS_URL": "",
            "EMAIL_URL": "dummymail://",
        }
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "academy", "worker", "--pool=solo", f"--queues={queue}",
                 "--without-gossip", "--without-mingle", "--loglevel=INFO"],
                cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """As the machine does when memory runs out: at once, without a chance to tidy up."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def database_url() -> str:
    """The test's own database, for another process."""
    database: dict[str, Any] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    credentials = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    return f"postgres://{credentials}@{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}/{database['NAME']}"


@contextmanager
def own_worker(folder: Path) -> Iterator[Worker]:
    """Not started yet. This process publishes to the same file broker."""
    folders = {name: folder / "broker" / name for name in ("messages", "control")}
    for each in folders.values():
        each.mkdir(parents=True)
    kept = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    options = {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "control_folder": str(folders["control"]),
        "store_processed": False,
    }
    app.conf.update(broker_url="filesystem://", broker_transport_options=options)
    worker = Worker(folder)
    yield worker
    worker.kill()
    app.conf.update(kept)
