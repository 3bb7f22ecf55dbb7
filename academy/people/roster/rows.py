"""The lines of a small table, CSV or XLSX, as texts. Rosters of people, which may be large, are read elsewhere."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from django.utils.translation import gettext as _

from academy.people.roster.outcome import RosterRefused

MOST_COLUMNS = 200
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class Line:
    """`row` is the line as a spreadsheet shows it: the first one is 1, blank ones count."""

    row: int
    cells: list[str]


def lines_of(file: Path) -> Iterator[Line]:
    """All lines. RosterRefused if the file cannot be read."""
    if file.suffix.lower() == ".xlsx":
        try:
            yield from _of_workbook(file)
        except (zipfile.BadZipFile, KeyError, ET.ParseError, ValueError, EOFError, NotImplementedError):
            raise RosterRefused(_("The workbook is damaged. Open it, save it again and upload that.")) from None
    else:
        yield from _of_text(file)


def _of_text(file: Path) -> Iterator[Line]:
    text = _decoded(file.read_bytes())
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
            yield Line(row, [_bare(cell) for cell in cells[:MOST_COLUMNS]])
    except csv.Error:
        raise RosterRefused(_("The file is no table: a quotation mark is opened and never closed.")) from None


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, else what Windows writes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace").replace("\x00", "")


def _bare(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from reading a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@\t\r" and len(cell) > 1 else cell


def _of_workbook(file: Path) -> Iterator[Line]:
    """The first sheet."""
    with zipfile.ZipFile(file) as archive:
        strings = list(_shared_strings(archive))
        with archive.open(_first_sheet(archive)) as sheet:
            row = 0
            for _event, element in ET.iterparse(sheet):  # noqa: S314  expat itself stops entities that explode
                if element.tag == f"{SHEET}row":
                    row = int(element.get("r") or row + 1)
                    yield Line(row, _cells(element, strings))
                    element.clear()


def _shared_strings(archive: zipfile.ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in archive.namelist():
        with archive.open("xl/sharedStrings.xml") as part:
            for _event, element in ET.iterparse(part):  # noqa: S314  the same
                if element.tag == f"{SHEET}si":
                    yield _text(element)
                    element.clear()


def _first_sheet(archive: zipfile.ZipFile) -> str:
    workbook = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  the same
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  the same
    first = workbook.find(f"{SHEET}sheets/{SHEET}sheet")
    wanted = first.get(LINK) if first is not None else None
    target = next((link.get("Target", "") for link in links if link.get("Id") == wanted), "worksheets/sheet1.xml")
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _cells(row: ET.Element, strings: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{SHEET}c"):
        place = _place(cell.get("r") or "", len(cells))
        if place >= MOST_COLUMNS:
            break
        cells.extend([""] * (place + 1 - len(cells)))
        cells[place] = _value(cell, strings)
    return cells


def _place(reference: str, default: int) -> int:
    """The column of a cell: A1 is 0, AB7 is 27."""
    letters = re.match(r"[A-Z]+", reference)
    if letters is None:
        return default
    number = 0
    for letter in letters.group():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: ET.Element, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return _text(cell)
    text = cell.findtext(f"{SHEET}v") or ""
    if cell.get("t") == "s":
        return strings[int(text)] if text.isdigit() and int(text) < len(strings) else ""
    return text.removesuffix(".0") if cell.get("t") in {None, "n"} else text


def _text(element: ET.Element) -> str:
    """All runs of a text, without the readings of East Asian names."""
    return "".join(part.text or "" for part in element.iter(f"{SHEET}t"))
