"""Checking by file: the page, the hash asked first, the API, and the limits of the reader."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from academy.people import nip
from certificates import codes, file_check, issuing, store
from certificates.file_check import reader, sandbox, uploads
from certificates.models import Certificate
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
PAGE, API = "/verifikasi/berkas/", "/api/v1/verifikasi/berkas"


@pytest.fixture
def certificate() -> Certificate:
    person = PersonFactory(name="Maria Bere", nip="199407122020122003")
    return issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)


@pytest.fixture
def content(certificate: Certificate) -> bytes:
    assert certificate.file
    return store.read(certificate.file.key)


def send(client: Client, address: str, content: bytes, name: str = "sertifikat.pdf", **headers: Any):
    return client.post(address, {"berkas": SimpleUploadedFile(name, content, "application/pdf")}, **headers)


def test_the_published_file_is_genuine_on_the_page_and_in_the_api(certificate, content, client):
    page = send(client, PAGE, content)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Sertifikat ini asli dan berlaku" in text
    assert "Berkas ini persis sama dengan yang diterbitkan" in text
    assert "sertifikat.pdf" not in text
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    body = send(client, API, content).json()
    assert list(body) == ["verdict", "checks", "certificate", "differences"]
    assert (body["verdict"], body["differences"], body["certificate"]["code"]) == ("genuine", [], certificate.code)
    assert set(body["checks"].values()) == {"yes"}
    assert "199407122020122003" not in json.dumps(body) + text


def test_an_altered_file_is_shown_beside_the_register(certificate, content, client):
    page = send(client, PAGE, content + b"\n%", "<b>x.pdf")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Berkas ini telah diubah" in text
    assert "2 bita ditambahkan" in text
    assert "&lt;b&gt;x.pdf, diperiksa" in text
    assert f'href="/V/{certificate.code}"' in text
    assert "Yang kami terbitkan" in text
    body = send(client, API, content + b"\n%").json()
    assert (body["verdict"], body["checks"]["file"]) == ("altered", "no")
    assert [one["name"] for one in body["differences"]] == ["file"]
    assert body["certificate"]["nip"] == nip.masked("199407122020122003")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Bukan PDF", "Ini bukan berkas PDF."),
        (b"%PDF-1.7\nrusak", "Berkas ini rusak"),
        (b"PK\x03\x04" + bytes(2000), "Ini bukan berkas PDF."),
    ],
)
def test_what_we_do_not_know_is_told_why(content: bytes, why: str, client: Client):
    page = send(client, PAGE, content)
    assert (page.status_code, why in page.content.decode()) == (200, True)
    assert "Kami tidak mengenal berkas ini" in page.content.decode()
    body = send(client, API, content).json()
    assert (body["verdict"], body["certificate"], body["differences"]) == ("unknown", None, [])
    assert body["checks"]["registered"] == "no"


def test_what_cannot_be_taken_is_refused_in_plain_words(client: Client, settings, tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    for address in (PAGE, API):
        assert client.post(address).status_code == 422
        assert client.post(address, {"berkas": "bukan berkas"}).status_code == 422
        assert send(client, address, b"").status_code == 422
        refused = send(client, address, b"%PDF-" + bytes(file_check.MOST_BYTES))
        assert refused.status_code == 413
        assert "lebih besar dari 5 MB" in refused.content.decode()
        cut = client.post(address, b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x")
        assert cut.status_code in {400, 422}
        assert client.post(address, b"x", "multipart/form-data").status_code in {400, 422}
    assert list(folder.iterdir()) == []


def test_a_body_that_announces_its_size_is_not_even_read(client: Client):
    class Endless:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    announced: dict[str, Any] = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(10**10)}
    announced["wsgi.input"] = Endless()
    answer = client.generic("POST", PAGE, **announced)
    assert answer.status_code == 413


def test_nothing_that_was_sent_is_kept(content: bytes, client: Client, settings, tmp_path: Path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    before = sorted(tmp_path.rglob("*"))
    send(client, PAGE, content + bytes(3_000_000))  # large enough to be kept on disk while it is looked at
    after = [path for path in sorted(tmp_path.rglob("*")) if path not in before and "counts" not in path.name]
    assert [path for path in after if path.is_file() and "cache" not in path.parts] == []


def test_the_hash_is_enough(certificate, client, django_assert_max_num_queries):
    client.get("/verifikasi/")
    with django_assert_max_num_queries(3):
        answer = client.get("/verifikasi/", {"sha256": certificate.file.sha256.upper()})
    assert "Sertifikat ini asli dan berlaku" in answer.content.decode()
    assert client.head("/verifikasi/", {"sha256": certificate.file.sha256}).status_code == 200
    for unknown in ("0" * 64, "", "abc", "\x00", "²" * 64):
        missed = client.get("/verifikasi/", {"sha256": unknown})
        assert missed.status_code == 404
        assert "Kirim berkasnya" in missed.content.decode()


def test_a_revoked_certificate_stays_revoked_as_a_file(certificate, content, client):
    Certificate.objects.update(revoked_at=AT, revocation_reason="terbit ganda")
    assert "telah dicabut" in send(client, PAGE, content).content.decode()
    body = send(client, API, content).json()
    assert (body["verdict"], body["certificate"]["revocation_reason"]) == ("revoked", "terbit ganda")


def test_a_published_file_that_is_lost_makes_nothing_genuine(certificate, content, client, caplog):
    (Path(settings.CERTIFICATES_ROOT) / certificate.file.key).write_bytes(b"verloren")
    body = send(client, API, content + b"\n%").json()
    assert (body["verdict"], body["checks"]["text"]) == ("resaved", "unknown")
    assert "is not what was published" in caplog.text
    assert send(client, API, content).json()["verdict"] == "genuine"


def test_the_form_carries_a_token_and_the_api_needs_none(content: bytes):
    strict = Client(enforce_csrf_checks=True)
    assert send(strict, PAGE, content).status_code == 403
    assert send(strict, API, content).json()["verdict"] == "genuine"
    page = strict.get("/verifikasi/")
    token = page.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    file = SimpleUploadedFile("x.pdf", content)
    assert strict.post(PAGE, {"berkas": file, "csrfmiddlewaretoken": token}).status_code == 200


def test_one_address_may_send_so_many_files_a_minute(client: Client, monkeypatch: pytest.MonkeyPatch):
    assert uploads.PER_MINUTE >= 30
    monkeypatch.setattr(uploads, "PER_MINUTE", 3)
    statuses = [send(client, API, b"x", REMOTE_ADDR="203.0.113.7").status_code for _turn in range(4)]
    page = send(client, PAGE, b"x", REMOTE_ADDR="203.0.113.7")
    assert [*statuses, page.status_code] == [200, 200, 200, 429, 429]
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert "detik" in page.content.decode()
    assert send(client, API, b"x", REMOTE_ADDR="203.0.113.8").status_code == 200


def test_reading_the_address_of_the_form_leads_to_the_page(client: Client):
    for address in (PAGE, "/verifikasi/nomor/"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/verifikasi/")


# The reader


def in_a_reader(statement: str) -> subprocess.CompletedProcess[str]:
    """A process with the reader's limits that then tries something."""
    program = f"import sys; sys.path.insert(0, {str(sandbox.PROGRAM.parent)!r}); import reader; reader.limit_itself(); {statement}"
    return subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60)


def test_the_reader_may_neither_write_nor_grow_nor_run_for_long(tmp_path: Path):
    target = tmp_path / "x"
    assert "File too large" in in_a_reader(f"open({str(target)!r}, 'wb', 0).write(b'x')").stderr
    assert "MemoryError" in in_a_reader("bytearray(1_000_000_000)").stderr
    limits = in_a_reader("import resource; print(resource.getrlimit(resource.RLIMIT_NPROC), "
                         "resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_CPU)[0])")  # fmt: skip
    assert limits.stdout.split() == ["(0,", "0)", "(0,", "0)", "6"]


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    hanging = tmp_path / "reader.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sandbox, "PROGRAM", hanging)
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 1)
    began = time.monotonic()
    verdict = file_check.look(b"%PDF-1.7 ")
    assert (verdict.outcome, verdict.why) == ("unknown", "unreadable")
    assert time.monotonic() - began < 10


def test_a_reader_that_dies_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    dying = tmp_path / "reader.py"
    dying.write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(sandbox, "PROGRAM", dying)
    assert file_check.look(b"%PDF-1.7 ").why == "unreadable"


def test_the_reader_knows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    curious = tmp_path / "reader.py"
    curious.write_text("import json, os, sys; print(json.dumps({'printed': [], 'qr': [], 'attached': [], 'readable': True, "
                       "'seen': sorted(os.environ), 'path': sys.path}))")  # fmt: skip
    monkeypatch.setattr(sandbox, "PROGRAM", curious)
    monkeypatch.setenv("SECRET_KEY", "geheim")
    answer = sandbox.claims(b"%PDF-1.7")
    assert set(answer["seen"]) <= {"LANG", "LC_CTYPE"}
    imported = {
        (each.module or "") if isinstance(each, ast.ImportFrom) else each.names[0].name
        for each in ast.walk(ast.parse(Path(sandbox.__file__).with_name("reader.py").read_text()))
        if isinstance(each, ast.Import | ast.ImportFrom)
    }
    assert not [name for name in imported if name.split(".")[0] in {"academy", "certificates", "courses", "django"}]


# Between us and the reader: the peak of a process counts what it was forked from, and this one is small.
MEASURED = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-I", {program!r}])
with open({peaks!r}, "a") as peaks:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=peaks)
sys.exit(done.returncode)
"""


def test_hostile_files_are_answered_within_bounded_memory(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A page of gigantic size, and many pages, beside the bomb among the forgeries."""
    measured, peaks = tmp_path / "measured.py", tmp_path / "peaks"
    measured.write_text(MEASURED.format(program=str(sandbox.PROGRAM), peaks=str(peaks)))
    monkeypatch.setattr(sandbox, "PROGRAM", measured)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.pages[0].MediaBox = pikepdf.Array([0, 0, 10_000_000, 1])
        target = io.BytesIO()
        pdf.save(target)
    giant = target.getvalue()
    many = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[" + b"3 0 R " * 200_000
    many += b"]/Count 200000>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e9]>>endobj\ntrailer<</Root 1 0 R>>"
    deep = b"%PDF-1.4\n1 0 obj" + b"[" * 500_000
    for hostile in (giant, many, deep):
        assert file_check.look(hostile).outcome in {"altered", "unknown", "resaved"}
    kilobytes = [int(line) for line in peaks.read_text().split()]
    assert len(kilobytes) >= 3
    assert max(kilobytes) * 1024 <= reader.MEMORY_BYTES


def test_codes_in_text_are_found_as_they_are_printed():
    grouped = codes.grouped("7KQ4M2XD9TWRH3PB")
    assert reader._printed_codes(f"dengan kode {grouped}\r\nKupang") == ["7KQ4M2XD9TWRH3PB"]
    assert reader._printed_codes("AAAA-BBBB-CCCC-DDDD-EEEE UUUU-AAAA-BBBB-CCCC") == []
