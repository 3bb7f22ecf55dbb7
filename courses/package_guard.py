"""What is looked at in a course package before anything of it is believed, and the only way it is unpacked.

Nothing is taken from what the ZIP says of itself: sizes are counted while unpacking, kinds are seen in the bytes.
docs/course-package.md names the limits.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from courses.package_kinds import TEXT_KINDS, file_problem

MOST_BYTES = 48 * 2**20
MOST_ENTRIES = 500
MOST_UNPACKED = 96 * 2**20
MOST_OF_A_TEXT = 256 * 2**10
MOST_OF_ALL_TEXTS = 2 * 2**20
MOST_RATIO = 100  # what a text of one letter shrinks to is a thousandth, ordinary ones a tenth
RATIO_COUNTS_FROM = 2**20
LONGEST_NAME = 100
PIECE = 2**16
END = 22  # bytes of the record at the end of a ZIP without a comment
ODD_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|\u202a-\u202e\u2066-\u2069\ufeff]')


class PackageRefused(Exception):
    """The package is not taken; the message says what is wrong, and where."""


def unpack(package: Path, folder: Path) -> str:
    """Unpack into `folder`, which is empty; returns the key of the course, the name of the one folder in it.

    PackageRefused leaves whatever was unpacked so far: the folder is a temporary one.
    """
    try:
        with package.open("rb") as file:
            _check_table_of_contents(file)
            with zipfile.ZipFile(file) as archive:
                files = _checked(archive.infolist())
                _unpack_all(archive, files, folder)
                return files[0].filename.split("/")[0]
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        KeyError,
        EOFError,
    ):
        raise PackageRefused(_("The package is damaged: it cannot be unpacked as a ZIP file.")) from None


def _check_table_of_contents(file: IO[bytes]) -> None:
    """zipfile reads all of the table of contents at once: it must be short, and stand where we looked at it."""
    size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise PackageRefused(_("The package is larger than %(most)d MB.") % {"most": MOST_BYTES // 2**20})
    file.seek(max(0, size - END - 20))
    tail = file.read()
    end = tail[-END:]
    if len(end) < END or end[:4] != b"PK\x05\x06" or end[-2:] != b"\0\0" or tail[:4] == b"PK\x06\x07":
        raise PackageRefused(_("This is no ZIP file of the plain kind, whatever its name says."))
    entries, length = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    if entries > MOST_ENTRIES or length > MOST_ENTRIES * (46 + 4 * LONGEST_NAME):
        raise PackageRefused(_("The package has more than %(most)d files.") % {"most": MOST_ENTRIES})


def _checked(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files among the entries, in the order of their names; PackageRefused if any entry is odd."""
    if len(entries) > MOST_ENTRIES:
        raise PackageRefused(_("The package has more than %(most)d files.") % {"most": MOST_ENTRIES})
    files: list[zipfile.ZipInfo] = []
    paths: set[str] = set()
    for entry in entries:
        _check_name(entry)
        _check_form(entry)
        path = _folded(entry.filename.rstrip("/"))
        if path in paths:
            raise _refused(entry, _("the name stands in the package twice, or differs only in upper and lower case"))
        paths.add(path)
        if not entry.is_dir():
            _check_place(entry)
            files.append(entry)
    for entry in files:
        if any(_folded(entry.filename) == path.rpartition("/")[0] for path in paths):
            raise _refused(entry, _("is both a file and a folder"))
    tops = {entry.filename.split("/")[0] for entry in files}
    if len(tops) != 1:
        raise PackageRefused(_("A package holds one folder, named as the key of the course, and everything in it."))
    return sorted(files, key=lambda entry: entry.filename)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _check_name(entry: zipfile.ZipInfo) -> None:
    parts = entry.filename.rstrip("/").split("/")
    if ODD_IN_NAMES.search(entry.orig_filename):
        raise _refused(entry, _("the name has a character that file names may not have"))
    if any(part in {"", ".", ".."} for part in parts) or entry.filename.startswith("/"):
        raise _refused(entry, _("the name leads out of the package"))
    if any(part != part.strip(" .") or len(part.encode()) > LONGEST_NAME for part in parts):
        raise _refused(
            entry, _("a name is longer than %(most)d bytes or ends with a space or a dot") % {"most": LONGEST_NAME}
        )


def _check_form(entry: zipfile.ZipInfo) -> None:
    form = stat.S_IFMT(entry.external_attr >> 16)
    if form not in {0, stat.S_IFREG, stat.S_IFDIR} or (form == stat.S_IFDIR) > entry.is_dir():
        raise _refused(entry, _("is a link or a device, not a file"))
    if entry.flag_bits & 0x2041:
        raise _refused(entry, _("is locked with a password"))
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _refused(entry, _("is packed in a way that is not read here"))
    if entry.is_dir() and entry.file_size:
        raise _refused(entry, _("is a folder with content"))


def _check_place(entry: zipfile.ZipInfo) -> None:
    """course.yaml and other YAML at the top, figures and files in their folders, lessons in the folders of modules."""
    parts = entry.filename.split("/")
    kind = PurePosixPath(parts[-1]).suffix.lower()[1:]
    place = parts[1] if len(parts) == 3 else ""
    allowed: set[str] = set()
    if len(parts) == 2:
        allowed = {"yaml"}
    elif place == "figures":
        allowed = set(settings.WAGTAILIMAGES_EXTENSIONS)
    elif place == "files":
        allowed = set(settings.WAGTAILDOCS_EXTENSIONS)
    elif len(parts) == 3:
        allowed = {"md"} | ({"yaml"} if parts[2] == "module.yaml" else set())
    if kind not in allowed:
        raise _refused(entry, _("a file of this kind has no place here"))


def _unpack_all(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo], folder: Path) -> None:
    unpacked = texts = 0
    for entry in files:
        target = folder.joinpath(*entry.filename.split("/"))
        is_text = target.suffix.lower()[1:] in TEXT_KINDS
        target.parent.mkdir(parents=True, exist_ok=True)
        most = MOST_OF_A_TEXT if is_text else MOST_UNPACKED - unpacked
        size = _unpack_one(archive, entry, target, most=most)
        unpacked, texts = unpacked + size, texts + size * is_text
        if texts > MOST_OF_ALL_TEXTS:
            raise PackageRefused(_("The texts of the package are too long together."))
        if problem := file_problem(target):
            raise _refused(entry, problem)


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, *, most: int) -> int:
    size = 0
    with archive.open(entry) as packed, target.open("xb") as file:
        while piece := packed.read(PIECE):
            size += len(piece)
            if size > most or (size > RATIO_COUNTS_FROM and size > MOST_RATIO * entry.compress_size):
                raise _refused(entry, _("is too large once unpacked"))
            file.write(piece)
    return size


def _refused(entry: zipfile.ZipInfo, problem: str) -> PackageRefused:
    """Names the file so that a terminal or a page can show it."""
    name = ODD_IN_NAMES.sub("�", entry.filename)[:200]
    return PackageRefused(_("%(file)s: %(problem)s.") % {"file": name, "problem": problem})
