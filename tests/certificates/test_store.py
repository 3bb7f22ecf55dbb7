"""The store of published files: what both kinds promise, then what a disk and a network may do to each."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from academy import whole_files
from certificates import store
from certificates.store.local import LocalFolder
from certificates.store.s3 import bucket
from tests.certificates.storage import S3Server

CONTENT = b"%PDF-1.7 contoh"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
KEY = f"{SHA256[:2]}/{SHA256}.pdf"
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["folder", "bucket"])
def backend(request, settings) -> store.Backend:
    """The one that `store` uses in this test."""
    if request.param == "bucket":
        server: S3Server = request.getfixturevalue("s3_server")
        settings.STORAGE = server.storage()
        return bucket(settings.STORAGE)
    return LocalFolder(settings.CERTIFICATES_ROOT)


@pytest.fixture
def folder(settings) -> Path:
    return Path(settings.CERTIFICATES_ROOT)


def test_a_file_lies_under_the_hash_of_its_bytes(backend):
    stored = store.keep(CONTENT)
    assert (stored.sha256, stored.size, stored.key) == (SHA256, len(CONTENT), KEY)
    assert backend.get(KEY) == CONTENT
    assert store.read(KEY) == store.read_exactly(KEY, sha256=SHA256) == CONTENT


def test_keeping_twice_keeps_one_file_and_writes_once(backend, monkeypatch: pytest.MonkeyPatch):
    store.keep(CONTENT)
    monkeypatch.setattr(type(backend), "put", lambda *_args: pytest.fail("written again"))
    assert store.keep(CONTENT).key == KEY
    assert list(store.keys()) == [KEY]


def test_what_is_not_there_is_missing_and_has_no_size(backend):
    with pytest.raises(store.FileMissing):
        store.read(KEY)
    assert store.size(KEY) is None
    assert list(store.keys()) == []


def test_sizes_and_keys_are_told_without_reading(backend):
    kept = [store.keep(b"%PDF " + bytes([number])) for number in range(20)]
    assert list(store.keys()) == sorted(one.key for one in kept)
    assert store.size(kept[3].key) == 6
    assert store.size(kept[3].key[:-1]) is None


def test_a_damaged_file_is_told_and_mended_by_the_same_content(backend):
    backend.put(KEY, CONTENT[:5])
    assert store.read(KEY) == CONTENT[:5]
    with pytest.raises(store.FileDamaged):
        store.read_exactly(KEY, sha256=SHA256)
    store.keep(CONTENT)
    assert store.read_exactly(KEY, sha256=SHA256) == CONTENT


def test_twenty_at_once_leave_one_whole_file(backend):
    threads = [threading.Thread(target=store.keep, args=[CONTENT * 1000]) for _each in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (key,) = store.keys()
    assert store.read(key) == CONTENT * 1000


# A disk


def in_a_child(code: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the code in another process, with `keep` a folder of its own."""
    head = f"from pathlib import Path\nfrom certificates.store.local import LocalFolder\nlocal = LocalFolder(Path({str(folder)!r}))\n"
    return subprocess.run([sys.executable, "-c", head + code], cwd=PROJECT, capture_output=True, check=False)


def test_a_disk_that_takes_no_more_leaves_nothing_behind(folder):
    ended = in_a_child(
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"try: local.put({KEY!r}, bytes(9000))\n"
        "except OSError as error: print(error.errno)\n",
        folder,
    )
    assert ended.stdout.split() == [b"27"], ended.stderr  # EFBIG: the file may not grow
    assert list((folder / SHA256[:2]).iterdir()) == []
    store.keep(CONTENT)


def test_a_process_killed_before_the_name_is_given_leaves_a_draft_that_is_no_file(folder):
    ended = in_a_child(
        "import os\nfrom pathlib import Path\n"
        "Path.replace = lambda *_names: os.kill(os.getpid(), 9)\n"
        f"local.put({KEY!r}, {CONTENT!r})\n",
        folder,
    )
    assert ended.returncode == -signal.SIGKILL
    (draft,) = (folder / SHA256[:2]).iterdir()
    assert draft.read_bytes() == CONTENT
    assert list(store.keys()) == []
    with pytest.raises(store.FileMissing):
        store.read(KEY)
    store.keep(CONTENT)
    assert list(store.keys()) == [KEY]


def test_old_drafts_are_deleted_and_young_ones_left(folder):
    store.keep(CONTENT)
    now = datetime.now(tz=UTC)
    old, young = folder / SHA256[:2] / ".abc.part.pdf", folder / SHA256[:2] / ".def.part.pdf"
    for draft, age in ((old, 25), (young, 23)):
        draft.write_bytes(b"half")
        moment = (now - timedelta(hours=age)).timestamp()
        os.utime(draft, (moment, moment))
    assert whole_files.delete_drafts(folder, before=now - timedelta(days=1)) == 1
    assert sorted(path.name for path in (folder / SHA256[:2]).iterdir()) == [young.name, f"{SHA256}.pdf"]


# A network


def test_a_server_that_died_is_unreachable_not_missing(settings, s3_server):
    settings.STORAGE = s3_server.storage()
    store.keep(CONTENT)
    s3_server.kill()
    for action in (lambda: store.keep(CONTENT), lambda: store.read(KEY), lambda: store.size(KEY), store_keys):
        with pytest.raises(store.StoreUnreachable):
            action()


def store_keys() -> list[str]:
    return list(store.keys())


def test_a_bucket_that_does_not_exist_is_unreachable_not_missing(settings, s3_server):
    settings.STORAGE = s3_server.storage(bucket="tidak-ada")
    for action in (lambda: store.keep(CONTENT), lambda: store.read(KEY), lambda: store.size(KEY), store_keys):
        with pytest.raises(store.StoreUnreachable, match="NoSuchBucket"):
            action()


def test_refused_credentials_are_told_without_the_secret(settings, s3_server):
    settings.STORAGE = s3_server.storage(access_key="asing", secret_key="sangat-rahasia")
    s3_server.refuse_unknown_keys()
    for action in (lambda: store.keep(CONTENT), lambda: store.read(KEY), store_keys):
        with pytest.raises(store.StoreUnreachable, match="InvalidAccessKeyId") as refused:
            action()
        assert "rahasia" not in str(refused.value)
    assert "rahasia" not in repr(settings.STORAGE)


class BreaksOff(BaseHTTPRequestHandler):
    """Promises a thousand bytes and sends ten."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"%PDF-1.7 x")

    def log_message(self, *_args: object) -> None:
        """Quiet."""


def test_an_answer_that_breaks_off_is_no_file(settings, s3_server):
    with HTTPServer(("127.0.0.1", 0), BreaksOff) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.STORAGE = s3_server.storage(endpoint=f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(store.StoreUnreachable):
            store.read(KEY)
        server.shutdown()


def test_a_storage_that_gives_other_bytes_back_is_not_believed(settings, s3_server, monkeypatch):
    """What was written is read again: here something else writes between the two."""
    settings.STORAGE = s3_server.storage()
    backend = bucket(settings.STORAGE)
    write = backend.client.put_object
    monkeypatch.setattr(backend.client, "put_object", lambda **given: write(**given | {"Body": b"other"}))
    with pytest.raises(store.StoreUnreachable, match="other bytes"):
        store.keep(CONTENT)
