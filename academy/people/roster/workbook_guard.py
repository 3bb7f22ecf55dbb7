"""What is looked at in an XLSX file before it is opened: its real size, its extent, and where its formulas stand.

An XLSX file is a ZIP of XML. A small one can unpack to gigabytes, two far cells span a table of billions, and one long
text can be named by a million cells; any of the three would take the worker's memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from academy.people.roster.outcome import RosterRefused

MOST_UNPACKED = 160 * 2**20
MOST_PARTS = 500
MOST_SHARED_TEXT = 128 * 2**20
LONG_TEXT = 1000
MOST_ROWS = 300_000
MOST_CELLS = MOST_ROWS * 26
PIECE = 2**18
NAMES = {"r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships"}
SHEET_TAG = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheet"
# Of an ordinary table (up to column Z and 299,999 rows) no cell matches, so this costs one pass.
FAR_CELL = re.compile(rb' r="(?:[A-Za-z]{2,}[0-9]|[A-Za-z](?:[3-9][0-9]{5}|[0-9]{7}))')
ANY_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)([0-9]+)["']""")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
FORMULA_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]+)([0-9]+)"[^>]*>\s*<(?:\w+:)?f[\s>/]')


def inspect(file: Path) -> dict[str, set[tuple[int, int]]]:
    """Look through the file; per sheet name the cells (row from 1, column from 0) that hold a formula.

    RosterRefused if it is no workbook or too large when unpacked.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_bomb(archive)
            formulas: dict[str, set[tuple[int, int]]] = {}
            references: Counter[bytes] = Counter()
            long_texts = _long_texts(archive)
            for part in _sheet_parts(archive):
                xml = _unpacked(archive, part)
                _refuse_far_cells(xml)
                if long_texts:
                    references.update(re.findall(rb"<v>\s*(\d+)\s*</v>", xml))
                if _has_pair(xml, b"<:", b"f") and FORMULA.search(xml):
                    formulas[part] = _formula_cells(xml)
            if sum(references[str(at).encode()] * size for at, size in long_texts.items()) > MOST_SHARED_TEXT:
                raise RosterRefused(_too_large())
            return _by_sheet_name(archive, formulas) if formulas else {}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        KeyError,
        EOFError,
        ElementTree.ParseError,
    ):
        raise RosterRefused(
            _("The file is not a readable XLSX file: it is damaged or protected by a password.")
        ) from None


def _too_large() -> str:
    return _(
        "The XLSX file is too large once unpacked. Keep only the sheet and the columns that are needed, or save it as CSV."
    )


def _refuse_bomb(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if len(parts) > MOST_PARTS or len(names) < len(parts) or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise RosterRefused(_too_large())
    if "xl/workbook.xml" not in names and not any(name.endswith("workbook.xml") for name in names):
        raise RosterRefused(_("The file is a ZIP archive, but no XLSX file."))


def _unpacked(archive: zipfile.ZipFile, part: str) -> bytes:
    """The whole part. zipfile stops at the stated size and checks the sum, so a part that understates it is refused."""
    xml = archive.read(part)
    if b"\0" in xml[:200] or b"<!DOCTYPE" in xml[:2000]:  # UTF-16 hides from what follows; entities have no place here
        raise RosterRefused(_("The file is not a readable XLSX file: it is damaged or protected by a password."))
    return xml


def _sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """Whatever may be a sheet, wherever the file keeps it; every other part is unpacked too, for its real size."""
    sheets = []
    for part in archive.infolist():
        name = part.filename.lower()
        if "/worksheets/" in name and name.endswith(".xml"):
            sheets.append(part.filename)
        elif not name.endswith("sharedstrings.xml"):
            with archive.open(part) as stream:
                while stream.read(PIECE):
                    pass
    return sheets


def _long_texts(archive: zipfile.ZipFile) -> dict[int, int]:
    """Index → bytes of the shared texts that are too long to be named often."""
    for part in archive.namelist():
        if part.lower().endswith("sharedstrings.xml"):
            sizes = list(map(len, _unpacked(archive, part).split(b"</si>")))
            return {at: size for at, size in enumerate(sizes) if size > LONG_TEXT} if max(sizes) > LONG_TEXT else {}
    return {}


def _refuse_far_cells(xml: bytes) -> None:
    if not FAR_CELL.search(xml) and not _has_odd_attributes(xml):
        return
    widest, lowest = 0, 0
    for letters, digits in set(_extent(xml)):
        widest, lowest = max(widest, column_of(letters)), max(lowest, digits)
    if lowest > MOST_ROWS + 1 or (widest + 1) * lowest > MOST_CELLS * 2 or widest > 16_384:
        raise RosterRefused(
            _("The sheet has too many rows or columns (at most %(rows)d rows). Something stands far outside the table.")
            % {"rows": MOST_ROWS}
        )


def _has_odd_attributes(xml: bytes) -> bool:
    """Whether attributes stand as no spreadsheet program writes them, but as a parser reads them: worth the slow look."""
    return b"'" in xml or _has_pair(xml, b" \t\r\n", b"=")


def _has_pair(xml: bytes, first: bytes, second: bytes) -> bool:
    """Whether any character of `first` stands right before `second`: many times as fast as looking for each pair."""
    import numpy as np

    characters = np.frombuffer(xml, np.uint8)
    for start in range(0, len(characters), PIECE):
        piece = characters[start : start + PIECE + 1]
        found = piece[1:] == ord(second)
        if any((found & (piece[:-1] == each)).any() for each in first):
            return True
    return False


def _extent(xml: bytes) -> list[tuple[bytes, int]]:
    lowest: dict[bytes, int] = {}
    for match in ANY_CELL.finditer(xml):
        letters, digits = match.group(1), match.group(2)
        number = int(digits) if len(digits) < 9 else 10**9
        if number > lowest.get(letters, 0):
            lowest[letters] = number
    return list(lowest.items())


def _formula_cells(xml: bytes) -> set[tuple[int, int]]:
    cells = {(int(row), column_of(letters)) for letters, row in FORMULA_CELL.findall(xml)}
    if not cells:
        raise RosterRefused(_("The sheet holds formulas. Paste the values only and load the file again."))
    return cells


def column_of(letters: bytes) -> int:
    """The column (from 0) that a spreadsheet calls A, B, … AA."""
    number = 0
    for letter in letters.upper()[:8]:
        number = number * 26 + letter - 64
    return number - 1


def _by_sheet_name(
    archive: zipfile.ZipFile, formulas: dict[str, set[tuple[int, int]]]
) -> dict[str, set[tuple[int, int]]]:
    book = next(name for name in archive.namelist() if name.endswith("workbook.xml"))
    folder, _slash, base = book.rpartition("/")
    relations = ElementTree.fromstring(_unpacked(archive, f"{folder}/_rels/{base}.rels"))  # noqa: S314  no DOCTYPE
    targets = {relation.get("Id"): relation.get("Target") or "" for relation in relations}
    sheets: dict[str, set[tuple[int, int]]] = {}
    for sheet in ElementTree.fromstring(_unpacked(archive, book)).iter(SHEET_TAG):  # noqa: S314  no DOCTYPE
        target = targets.get(sheet.get(f"{{{NAMES['r']}}}id"), "")
        part = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
        if part in formulas:
            sheets[sheet.get("name") or ""] = formulas[part]
    return sheets
