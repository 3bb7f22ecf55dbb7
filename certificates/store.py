"""The store of published files, by the hash of their bytes: `<sha256>.pdf` in folders of two letters.

A file appears whole or not at all, and stays when the power goes: temporary name, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Stored:
    """`key` is the path below the store, with slashes."""

    sha256: str
    size: int
    key: str


def keep(content: bytes) -> Stored:
    """Write the bytes if they are not there yet. OSError if the disk refuses; then nothing half-written is left."""
    sha256 = hashlib.sha256(content).hexdigest()
    stored = Stored(sha256=sha256, size=len(content), key=f"{sha256[:2]}/{sha256}.pdf")
    target = path_of(stored.key)
    if not target.is_file() or target.read_bytes() != content:
        _write(target, content)
    return stored


def path_of(key: str) -> Path:
    return Path(settings.CERTIFICATES_ROOT) / key


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o640)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    _sync_folder(target.parent.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
