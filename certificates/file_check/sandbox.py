"""Have the reader look at files in a process of its own, which is ended if it takes too long."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("reader.py")
WALL_SECONDS = 20  # the reader's own limit counts CPU; a machine under load is slower


class CannotRead(Exception):
    """The reader gave up, was ended or broke: the file is damaged, hostile or too heavy."""


def claims(content: bytes) -> dict[str, Any]:
    """Which codes the file shows, see `reader.claims`; what brings the reader down is carved instead. CannotRead."""
    try:
        return _ask("claims", content)
    except CannotRead:
        return _ask("carve", content)


def compare(content: bytes, original: bytes) -> dict[str, Any]:
    """How the file differs from the published one, see `reader.compare`. CannotRead."""
    return _ask("compare", content, original)


def _ask(task: str, *files: bytes) -> dict[str, Any]:
    """The reader gets the files through a pipe, and nothing of our environment: no secret could be read from it.

    Started as a file and isolated (-I), it imports nothing of ours.
    """
    header = json.dumps({"task": task, "sizes": [len(one) for one in files]}).encode() + b"\n"
    try:
        done = subprocess.run(  # noqa: S603  our own program, without a shell
            [sys.executable, "-I", str(PROGRAM)],
            input=header + b"".join(files),
            capture_output=True,
            timeout=WALL_SECONDS,
            env={"LANG": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        log.warning("The reader of files took more than %d s to %s", WALL_SECONDS, task)
        raise CannotRead(task) from error
    if done.returncode:
        last_line = done.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        log.warning("The reader of files ended with %d when asked to %s: %s", done.returncode, task, last_line[:200])
        raise CannotRead(task)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
