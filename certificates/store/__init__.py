"""The store of published files, by the hash of their bytes: `<2 letters>/<sha256>.pdf`, in a folder or in a bucket.

Which one, STORAGE_URL says. A file is there whole or not at all, and a key never gets other bytes than those its name
is the hash of; what is damaged is mended by keeping the same content again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings


class FileMissing(FileNotFoundError):
    """The store answers, and holds no file under this key."""


class FileDamaged(OSError):
    """The store holds other bytes under this key than those that were published."""


class StoreUnreachable(OSError):
    """The store does not answer, refuses us or its disk is full: no file is at fault, and trying later may help."""


@dataclass(frozen=True)
class Stored:
    """`key` is the path below the store, with slashes."""

    sha256: str
    size: int
    key: str


class Backend(Protocol):
    """Where the files lie. Every method raises StoreUnreachable, or another OSError that is not FileMissing."""

    def put(self, key: str, content: bytes) -> None:
        """The bytes are there whole afterwards, and were read again to be sure."""

    def get(self, key: str) -> bytes:
        """FileMissing if there are none."""

    def size(self, key: str) -> int | None:
        """Bytes; None if there is no such file."""

    def keys(self, before: datetime | None) -> Iterator[str]:
        """Of all files, in order; with a moment, of those that were there by then."""


def keep(content: bytes) -> Stored:
    """Store the bytes if they are not there yet. OSError if the store refuses; then nothing half-written is left."""
    sha256 = hashlib.sha256(content).hexdigest()
    stored = Stored(sha256=sha256, size=len(content), key=key_of(sha256))
    backend = _backend()
    try:
        present = backend.get(stored.key) == content
    except FileMissing:
        present = False
    if not present:
        backend.put(stored.key, content)
    return stored


def read(key: str) -> bytes:
    """The bytes as they lie there. FileMissing, or StoreUnreachable (another OSError from a local disk)."""
    return _backend().get(key)


def read_exactly(key: str, *, sha256: str) -> bytes:
    """The bytes with this hash; FileDamaged if there are others."""
    content = read(key)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileDamaged(f"The file {key} is damaged")
    return content


def size(key: str) -> int | None:
    """Bytes, without reading them; None if there is no such file."""
    return _backend().size(key)


def keys(*, before: datetime | None = None) -> Iterator[str]:
    """The keys of all files, in order, a page at a time; with a moment, of those that were stored by then."""
    return _backend().keys(before)


def key_of(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.pdf"


def _backend() -> Backend:
    """Of the settings as they are now. The client of a bucket is imported only where there is a bucket."""
    if settings.STORAGE is None:
        from certificates.store.local import LocalFolder

        return LocalFolder(settings.CERTIFICATES_ROOT)
    from certificates.store.s3 import bucket

    return bucket(settings.STORAGE)
