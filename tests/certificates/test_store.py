from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from certificates import store

CONTENT = b"%PDF-1.7 contoh"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_a_file_lies_under_the_hash_of_its_bytes(settings):
    stored = store.keep(CONTENT)
    assert (stored.sha256, stored.size, stored.key) == (SHA256, len(CONTENT), f"{SHA256[:2]}/{SHA256}.pdf")
    assert (Path(settings.CERTIFICATES_ROOT) / SHA256[:2] / f"{SHA256}.pdf").read_bytes() == CONTENT


def test_keeping_twice_keeps_one_file_untouched():
    path = store.path_of(store.keep(CONTENT).key)
    before = path.stat().st_ino
    store.keep(CONTENT)
    assert path.stat().st_ino == before
    assert [entry.name for entry in path.parent.iterdir()] == [f"{SHA256}.pdf"]


def test_a_half_written_file_is_mended():
    path = store.path_of(f"{SHA256[:2]}/{SHA256}.pdf")
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:5])
    store.keep(CONTENT)
    assert path.read_bytes() == CONTENT


def test_a_disk_that_refuses_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch):
    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        store.keep(CONTENT)
    assert list(store.path_of(SHA256[:2]).iterdir()) == []
