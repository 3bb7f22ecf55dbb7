"""Files that appear whole or not at all, and stay when the power goes.

A draft with a hidden name beside the target is written and synced, and then takes the target's name. A process that
is killed leaves at most a draft, which `delete_drafts` finds.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

MODE = 0o640
PRIVATE = 0o600


@contextmanager
def appearing(target: Path, *, mode: int = MODE) -> Iterator[Path]:
    """A path to write to, with the same ending; when all went well it takes the target's name, else it is deleted.

    OSError if the disk refuses. What was at the target before stays until then.
    """
    with _draft(target, mode=mode) as draft:
        yield draft
        _sync(draft)
        draft.replace(target)
    _sync(target.parent)


def write(target: Path, content: bytes, *, mode: int = MODE) -> None:
    """The bytes at the target, in place of what was there."""
    with appearing(target, mode=mode) as draft:
        draft.write_bytes(content)


def write_once(target: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """The bytes at the target if nothing is there yet: of several writers the first wins."""
    with _draft(target, mode=mode) as draft:
        draft.write_bytes(content)
        _sync(draft)
        with contextlib.suppress(FileExistsError):
            os.link(draft, target)
    _sync(target.parent)


def delete_drafts(folder: Path, *, before: datetime) -> int:
    """What killed processes left in the folder and below it; how many. A younger draft may still be written to."""
    deleted = 0
    for draft in folder.glob("**/.*.part*"):
        with contextlib.suppress(FileNotFoundError):
            if draft.is_file() and draft.stat().st_mtime < before.timestamp():
                draft.unlink()
                deleted += 1
    return deleted


@contextmanager
def _draft(target: Path, *, mode: int) -> Iterator[Path]:
    """An empty file beside the target, gone at the end unless it was renamed. New folders outlive a power cut too."""
    _make_folder(target.parent)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=f".part{target.suffix}")
    os.close(descriptor)
    draft = Path(name)
    try:
        draft.chmod(mode)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o750, exist_ok=True)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    """To the disk: a file's bytes, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
