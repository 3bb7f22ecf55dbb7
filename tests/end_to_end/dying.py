"""A worker that dies at a chosen step of certifying a completion: `python -m tests.end_to_end.dying` asks for orders.

Each order is a line of JSON, {"completion": pk, "step": number}; a child process takes it up and kills itself when it
comes to that step, and a line answers with the steps it made. Steps are the ends of everything that could be half
done: each statement to the database, each file that is written, synced or renamed, each function of the work that
begins. Without a number the child lives and its steps are counted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import django

ROOM = str(Path(__file__).resolve().parents[2] / "certificates")
FUNCTIONS = ("issuing.py", "store.py", "messages.py")
FILE_CALLS = {os.write, os.fsync, os.chmod, os.link, os.replace, os.rename, os.unlink}


def is_of_the_work(path: str) -> bool:
    return path.startswith(ROOM) and path.endswith(FUNCTIONS)


class Steps:
    def __init__(self, last: int | None) -> None:
        self.made = 0
        self._last = last

    def make(self) -> None:
        if self.made == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.made += 1

    def profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            if argument in FILE_CALLS:
                self.make()
        elif event == "call" and is_of_the_work(frame.f_code.co_filename):
            self.make()

    def statement(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.make()
        return execute(*arguments)


def certify(completion: int, last: int | None) -> int:
    """In the child: what the task does, under the eyes of the steps. Their number, if it lived."""
    from django.db import connection
    from django.utils import timezone

    from certificates import issuing
    from courses.models import Completion

    steps = Steps(last)
    with connection.execute_wrapper(steps.statement):
        sys.setprofile(steps.profile)
        certificate = issuing.issue(Completion.objects.get(pk=completion), at=timezone.now())
        issuing.publish_file(certificate, at=timezone.now())
        sys.setprofile(None)
    steps.make()  # everything is done, only nobody was told
    return steps.made


def main() -> None:
    django.setup()
    import certificates.tasks  # noqa: F401  what a worker has loaded before its first message
    from certificates import credential, rendering
    from tests.certificates.test_rendering import FACTS

    rendering.render_pdf(FACTS)  # fonts, styles and ornaments are read once per process
    for url in credential.CONTEXT_FILES:
        credential._context(url)

    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            made = certify(order["completion"], order.get("step"))
            os.write(writing, str(made).encode())
            os._exit(0)
        os.close(writing)
        made_text = os.read(reading, 20).decode()
        os.close(reading)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"steps": int(made_text or 0), "signal": status & 0x7F}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
