"""The list of a part: as CSV for programs, as a workbook for people, with real days and numbers and the NIP a text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.people.roster.refused import defused, table_into

Cell = str | int | date | None
SHEET = "Sertifikat"


def columns() -> list[tuple[str, int]]:
    """Headings, and how many characters wide the columns of the workbook are."""
    return [
        (pgettext("archive", "No."), 6),
        (_("NIP"), 21),
        (_("Name"), 34),
        (_("Number"), 32),
        (_("Work unit"), 36),
        (_("Course"), 40),
        (_("JP"), 6),
        (pgettext("archive", "Finished on"), 13),
        (pgettext("archive", "Issued on"), 13),
        (pgettext("archive", "Standing"), 14),
        (pgettext("archive", "File name"), 60),
        (_("Checksum SHA-256"), 68),
        (pgettext("archive", "Remark"), 40),
    ]


def as_csv(lines: Sequence[Sequence[Cell]]) -> bytes:
    table = io.BytesIO()
    table_into(
        table, "csv", [heading for heading, _width in columns()], [[_text(cell) for cell in line] for line in lines]
    )
    return table.getvalue()


def as_workbook(lines: Sequence[Sequence[Cell]]) -> bytes:
    import xlsxwriter  # only where a workbook is written

    table, heads = io.BytesIO(), columns()
    with xlsxwriter.Workbook(table, {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        bold = workbook.add_format({"bold": True, "bottom": 2})
        text, number = workbook.add_format({"num_format": "@"}), workbook.add_format({"num_format": "0"})
        day = workbook.add_format({"num_format": "dd-mm-yyyy", "align": "left"})
        for column, (heading, width) in enumerate(heads):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, heading, bold)
        for row, line in enumerate(lines, 1):
            for column, cell in enumerate(line):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, day)
                elif isinstance(cell, int):
                    sheet.write_number(row, column, cell, number)
                elif cell:
                    sheet.write_string(row, column, defused(cell), text)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(lines), 1), len(heads) - 1)
    return table.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
