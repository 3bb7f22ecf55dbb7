"""The refused rows as a file of their own: all their columns and the reason, to be corrected and loaded again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from academy.people.roster.outcome import Options, Outcome
from academy.people.roster.reading import Sheet, open_sheet, text

REASON = "Alasan"
# What a spreadsheet takes for a formula, also after spaces. The reader takes the apostrophe away again.
LIVE = re.compile(r"^(\s*)([=+\-@\t\r＝＋－＠])")  # noqa: RUF001  full width, as some keyboards write them
COLUMN_WIDTH = 24


def write_refused(file: Path, outcome: Outcome, options: Options, target: Path) -> None:
    """Write the refused rows of `file` to `target`, XLSX with text cells or CSV by the name of the target.

    The same mapping reads it again; the column with the reasons is not a heading we know.
    """
    reasons: dict[int, list[str]] = {}
    for refusal in outcome.refusals:
        reasons.setdefault(refusal.row, []).append(f"{refusal.column}: {refusal.message}")
    sheet = open_sheet(file, options.mapping)
    if target.suffix.lower() == ".xlsx":
        _write_xlsx(target, _lines(sheet, reasons))
    else:
        _write_csv(target, _lines(sheet, reasons))


def _lines(sheet: Sheet, reasons: dict[int, list[str]]) -> Iterator[list[str]]:
    headings = sheet.columns.headings
    kept = [place for place, heading in enumerate(headings) if heading != REASON]
    yield [headings[place] for place in kept] + [REASON]
    for number, row in enumerate(sheet.rows, 1):
        if number in reasons and number > sheet.columns.row:
            cells = [text(cell) for cell in row] + [""] * (len(headings) - len(row))
            yield [defused(cells[place]) for place in kept] + [" ".join(reasons[number])]


def defused(cell: str) -> str:
    return LIVE.sub(r"\1'\2", cell)


def _write_csv(target: Path, lines: Iterator[list[str]]) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(lines)


def _write_xlsx(target: Path, lines: Iterator[list[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet(_("Refused rows"))
        as_text = book.add_format({"num_format": "@"})
        sheet.set_column(0, 60, COLUMN_WIDTH, as_text)
        for at, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell, as_text)
