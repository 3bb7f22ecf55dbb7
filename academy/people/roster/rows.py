"""The lines of a small table, CSV or XLSX, as texts. Rosters of people, which may be large, are read elsewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from academy.people.roster import workbook_guard
from academy.people.roster.outcome import RosterRefused
from academy.people.roster.reading import text
from academy.people.roster.refused import as_meant

MOST_COLUMNS = 200


@dataclass(frozen=True)
class Line:
    """`row` is the line as a spreadsheet shows it: the first one is 1, blank ones count."""

    row: int
    cells: list[str]


def lines_of(file: Path) -> Iterator[Line]:
    """All lines. RosterRefused if the file cannot be read."""
    if file.suffix.lower() == ".xlsx":
        yield from _of_workbook(file)
    else:
        yield from _of_text(file)


def _of_text(file: Path) -> Iterator[Line]:
    content = _decoded(file.read_bytes())
    first = next((line for line in content.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(content, newline=""), delimiter=delimiter), start=1):
            yield Line(row, [as_meant(cell) for cell in cells[:MOST_COLUMNS]])
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


def _of_workbook(file: Path) -> Iterator[Line]:
    """The first visible sheet."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    workbook_guard.inspect(file)
    try:
        book = CalamineWorkbook.from_path(file)
        names = [each.name for each in book.sheets_metadata if each.visible is SheetVisibleEnum.Visible]
        sheet = book.get_sheet_by_name(names[0]) if names else None
        if sheet is None or sheet.start is None:
            return
        before = [""] * sheet.start[1]  # empty columns before the table; empty rows are told anyway
        for row, cells in enumerate(sheet.iter_rows(), start=1):
            yield Line(row, before + [as_meant(text(cell)) for cell in cells[:MOST_COLUMNS]])
    except CalamineError:
        raise RosterRefused(_("The workbook is damaged. Open it, save it again and upload that.")) from None
