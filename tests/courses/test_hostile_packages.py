"""Packages made to hurt are refused within 2 seconds and 50 MB, and leave nothing behind."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from academy.pages.models import LoadedItem
from courses.models import Course, LegalReference, LessonPage, Question
from courses.package_guard import PackageRefused
from courses.package_import import import_package, read_package
from tests.courses.authoring import SVG
from tests.factories import OrganiserFactory

pytestmark = pytest.mark.django_db
PAGES: list[dict[str, str]] = [{}]

COURSE = """\
key: contoh
code: Z9
title: Pelatihan Contoh
summary: Ringkasan.
level: dasar
audience: Semua ASN
outcomes: [Anda dapat memberi contoh.]
credit_hours: 1
modules: [01-pertama]
"""
LESSON = "---\nkey: materi\ntitle: Materi\nreading_minutes: 45\n---\nIsi materi.\n"
MODULE = "key: pertama\ntitle: Modul\n"
PNG = b"\x89PNG\r\n\x1a\n"
Files = dict[str, bytes | str]


def files(**more: bytes | str) -> Files:
    """A good package, with these files besides or instead; the names are keys below the folder of the course."""
    return {
        "contoh/course.yaml": COURSE,
        "contoh/01-pertama/module.yaml": MODULE,
        "contoh/01-pertama/01-materi.md": LESSON,
    } | {f"contoh/{name}": content for name, content in more.items()}


def zipped(content: Files, *, edit: Callable[[zipfile.ZipInfo], None] = lambda _entry: None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            edit(entry)
            archive.writestr(entry, data)
    return out.getvalue()


def with_name(name: str) -> bytes:
    return zipped({**files(), name: "x"})


def with_file(name: str, content: bytes | str) -> bytes:
    return zipped(files(**{name: content}))


def with_course(old: str, new: str) -> bytes:
    assert old in COURSE
    return zipped({**files(), "contoh/course.yaml": COURSE.replace(old, new)})


def with_lesson(text: str) -> bytes:
    return zipped({**files(), "contoh/01-pertama/01-materi.md": text})


def with_svg(inside: str, attributes: str = "") -> bytes:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>'
    return with_file("figures/a.svg", f"{head}{inside}</svg>")


def symlink() -> bytes:
    def edit(entry: zipfile.ZipInfo) -> None:
        if entry.filename.endswith("a.csv"):
            entry.external_attr = 0o120777 << 16

    return zipped(files(**{"files/a.csv": "/etc/passwd"}), edit=edit)


def device() -> bytes:
    def edit(entry: zipfile.ZipInfo) -> None:
        if entry.filename.endswith("a.csv"):
            entry.external_attr = 0o020666 << 16

    return zipped(files(**{"files/a.csv": ""}), edit=edit)


def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("contoh/course.yaml", COURSE)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("contoh/course.yaml", COURSE)
    return out.getvalue()


def patched(package: bytes, *, central: Callable[[bytearray, int], None]) -> bytes:
    """Change the entry of the lesson in the table of contents."""
    changed = bytearray(package)
    at = changed.rindex(b"01-materi.md")
    start = changed.rindex(b"PK\x01\x02", 0, at)
    central(changed, start)
    return bytes(changed)


def locked() -> bytes:
    def lock(package: bytearray, start: int) -> None:
        package[start + 8] |= 1

    return patched(zipped(files()), central=lock)


def odd_packing() -> bytes:
    def pack(package: bytearray, start: int) -> None:
        struct.pack_into("<H", package, start + 10, 99)

    return patched(zipped(files()), central=pack)


def wrong_sum() -> bytes:
    def spoil(package: bytearray, start: int) -> None:
        package[start + 16] ^= 0xFF

    return patched(zipped(files()), central=spoil)


def understated() -> bytes:
    """The table of contents says the text is short; what is packed is long."""

    def understate(package: bytearray, start: int) -> None:
        struct.pack_into("<I", package, start + 24, 10)

    return patched(with_lesson(LESSON * 10), central=understate)


def with_comment() -> bytes:
    out = io.BytesIO(zipped(files()))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"PK\x05\x06" + b"\0" * 18
    return out.getvalue()


def image(width: int, height: int) -> bytes:
    """A PNG that says it is so large and holds one row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")


def office(*parts: str) -> bytes:
    return zipped(dict.fromkeys(parts, "x"))


LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
QUESTION = "- {key: s1, topic: pertama, kind: single, text: T, explanation: E, options: [{text: a, correct: true}]}\n"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "no zip": lambda: b"%PDF-1.7 no zip at all, but long enough to be looked at",
    "nothing": lambda: b"",
    "empty zip": lambda: zipped({}),
    "cut in half": lambda: zipped(files())[:-40],
    "with a comment": with_comment,
    "leads up": lambda: with_name("contoh/../../keluar.yaml"),
    "absolute": lambda: with_name("/contoh/a.yaml"),
    "drive letter": lambda: with_name("C:/contoh/a.yaml"),
    "backslashes": lambda: with_name("contoh\\..\\a.yaml"),
    "empty part": lambda: with_name("contoh//a.yaml"),
    "control character": lambda: with_name("contoh/a\x07.yaml"),
    "text turned round": lambda: with_name("contoh/files/a\u202evsc.csv"),
    "ends with a dot": lambda: with_name("contoh/files./a.csv"),
    "long name": lambda: with_name(f"contoh/files/{'a' * 300}.csv"),
    "deep folders": lambda: with_name("contoh/a/b/c/d.md"),
    "two courses": lambda: with_name("lain/course.yaml"),
    "outside the folder": lambda: with_name("course.yaml"),
    "symbolic link": symlink,
    "device": device,
    "name twice": twice,
    "names differ in case": lambda: with_name("contoh/COURSE.yaml"),
    "file and folder": lambda: zipped(files(**{"a.yaml": "x", "a.yaml/b.md": "x"})),
    "locked": locked,
    "odd packing": odd_packing,
    "wrong sum": wrong_sum,
    "understated size": understated,
    "many files": lambda: zipped(files(**{f"files/{n}.csv": "x" for n in range(700)})),
    "very many files": lambda: zipped(dict.fromkeys((f"contoh/files/{n}.csv" for n in range(30_000)), "")),
    "bomb": lambda: with_file("files/a.csv", b"0" * (300 * 2**20)),
    "bomb of text": lambda: with_lesson(LESSON + "a" * (20 * 2**20)),
    "many texts": lambda: zipped(files(**{f"01-pertama/{n}.md": "ab " * 80_000 for n in range(20)})),
    "zip in zip": lambda: with_file("files/a.zip", zipped(files())),
    "zip as table": lambda: with_file("files/a.csv", zipped(files())),
    "zip as document": lambda: with_file("files/a.docx", zipped(files())),
    "document with macro": lambda: with_file("files/a.docx", office("word/document.xml", "word/vbaProject.bin")),
    "program": lambda: with_file("files/a.exe", b"MZ"),
    "program as text": lambda: with_file("files/a.txt", b"MZ\x90\x00"),
    "web page": lambda: with_file("files/a.html", "<script>alert(1)</script>"),
    "web page as text": lambda: with_file("files/a.txt", "<!doctype html><script>alert(1)</script>"),
    "web page as PDF": lambda: with_file("files/a.pdf", "<script>alert(1)</script>"),
    "script beside lessons": lambda: with_file("01-pertama/a.py", "import os"),
    "image that is none": lambda: with_file("figures/a.png", SVG),
    "image of many pixels": lambda: with_file("figures/a.png", image(60_000, 60_000)),
    "damaged image": lambda: with_file("figures/a.png", PNG + b"0" * 100),
    "drawing that is none": lambda: with_file("figures/a.svg", "<html/>"),
    "drawing with script": lambda: with_svg("<script>alert(1)</script>"),
    "drawing with handler": lambda: with_svg("", 'onload="alert(1)"'),
    "drawing with HTML": lambda: with_svg("<foreignObject/>"),
    "drawing with link": lambda: with_svg('<use xlink:href="https://example.org/a.svg#b"/>'),
    "drawing with javascript": lambda: with_svg('<a xlink:href="javascript:alert(1)"/>'),
    "drawing with animation": lambda: with_svg('<set attributeName="href" to="javascript:alert(1)"/>'),
    "drawing that fetches": lambda: with_svg('<rect style="fill: url(https://example.org/)"/>'),
    "drawing that imports": lambda: with_svg("<style>@import 'https://example.org/a.css';</style>"),
    "drawing that escapes": lambda: with_svg(r"<style>a{b: \75rl(https://example.org/)}</style>"),
    "drawing with entities": lambda: with_file(
        "figures/a.svg", '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    ),
    "drawing with style sheet": lambda: with_file(
        "figures/a.svg", b'<?xml-stylesheet href="https://example.org/a.css"?>' + SVG
    ),
    "laughs": lambda: with_course("title: Pelatihan Contoh\n", f"title: x\n{LAUGHS}"),
    "objects": lambda: with_course("title: Pelatihan Contoh", "title: !!python/object/apply:os.system [id]"),
    "deep YAML": lambda: with_course("[01-pertama]", "[" * 50_000),
    "long YAML": lambda: with_course("[01-pertama]", "[" + "a, " * 80_000 + "a]"),
    "no text": lambda: with_course("title: Pelatihan Contoh", 'title: "a\\0b"'),
    "not UTF-8": lambda: with_file("01-pertama/02-b.md", LESSON.encode() + b"\xff\xfe"),
    "other key": lambda: with_course("key: contoh", "key: ../../etc"),
    "module outside": lambda: with_course("[01-pertama]", "[../../../etc]"),
    "bank outside": lambda: with_course(
        "modules", "banks: [{key: b, title: B, questions: ../../../etc/passwd}]\nmodules"
    ),
    "huge number": lambda: with_course("credit_hours: 1", f"credit_hours: {'9' * 5000}"),
    "pass mark that is no number": lambda: with_course("modules", "pass_mark: .nan\nmodules"),
    "link in the clear": lambda: with_lesson(LESSON + "\n[a](http://example.org/)\n"),
    "picture from elsewhere": lambda: with_lesson(LESSON + "\n![a](https://example.org/a.png)\n"),
    "key that is no key": lambda: with_file("questions.yaml", QUESTION.replace("s1", "'<b>'")),
    "no lessons": lambda: zipped({"contoh/course.yaml": COURSE, "contoh/01-pertama/module.yaml": MODULE}),
    "references in a circle": lambda: with_file(
        "legal-references.yaml",
        "".join(
            f"- {{key: {a}, regulation: R, summary: S, as_of: 2026-01-01, review_by: 2027-01-01, superseded_by: {b}}}\n"
            for a, b in ("ab", "ba")
        ),
    ),
}

REFUSED_LATER = {"link in the clear", "picture from elsewhere"}  # when its text becomes blocks


@pytest.fixture
def organiser(page):
    return OrganiserFactory()


def rows() -> list[int]:
    return [model.objects.count() for model in (Course, LessonPage, Question, LegalReference, LoadedItem)]


def refusal(path: Path, organiser) -> str:
    with pytest.raises(PackageRefused) as caught, read_package(path) as package:
        import_package(package, organiser, by=None)
    return str(caught.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_and_leaves_nothing(name, organiser, tmp_path):
    path = tmp_path / "paket.zip"
    path.write_bytes(HOSTILE[name]())
    before = rows()
    there = {each for each in tmp_path.rglob("*") if each.is_file()}
    outside = set(tmp_path.parent.iterdir())

    started = time.process_time()
    message = refusal(path, organiser)
    seconds = time.process_time() - started

    assert len(message) > 20
    assert seconds < 2
    assert rows() == before
    assert {each for each in tmp_path.rglob("*") if each.is_file()} == there
    assert set(tmp_path.parent.iterdir()) == outside
    tracemalloc.start()
    refusal(path, organiser)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 * 2**20


def test_reading_any_of_them_stays_within_memory_and_time(tmp_path):
    """In processes that the system ends beyond 50 MB or 2 seconds of processor: what is said comes from the living."""
    for number, make in enumerate(HOSTILE.values()):
        (tmp_path / f"{number:03}.zip").write_bytes(make())
    command = [sys.executable, "-m", "tests.courses.refusing", str(tmp_path)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    took = {list(HOSTILE)[int(line["name"])]: line for line in map(json.loads, lines)}
    assert set(took) == set(HOSTILE)
    assert {name for name, line in took.items() if not line["message"]} == REFUSED_LATER
    assert max(line["bytes"] for line in took.values()) <= 50 * 2**20
    assert not list((tmp_path / "opened").iterdir())


def test_there_are_many_kinds():
    assert len(HOSTILE) >= 30


def test_a_good_package_is_taken(organiser, tmp_path):
    """Otherwise the rest of this file would prove nothing."""
    path = tmp_path / "paket.zip"
    good = {"figures/a.svg": SVG, "figures/b.png": image(3, 1), "files/a.docx": office("word/document.xml")}
    path.write_bytes(zipped(files(**good)))
    with read_package(path) as package:
        assert import_package(package, organiser, by=None).course == Course.objects.get(key="contoh")
