"""Tables that leave the house, as CSV or XLSX: the rows an import refused, and the sample files. No cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from academy.people.roster import files

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def write_table(target: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write the table in the form that the name asks for; it appears whole or not at all."""
    with files.appearing(target) as unfinished, unfinished.open("wb") as file:
        table_into(file, target.suffix.lower().lstrip("."), headings, rows)


def table_into(file: IO[bytes], ending: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """CSV as Indonesian spreadsheets open it (UTF-8 with its mark, semicolons), or a workbook of texts."""
    if ending == "xlsx":
        _workbook_into(file, headings, rows)
        return
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";")
    for row in (headings, *rows):
        writer.writerow([defused(cell) for cell in row])
    text.detach()


def defused(text: str) -> str:
    """A text that a spreadsheet might take for a formula gets an apostrophe before it; reading takes it off again."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _workbook_into(file: IO[bytes], headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    import xlsxwriter  # only where a workbook is written

    with xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    ) as workbook:
        sheet = workbook.add_worksheet()
        bold, plain = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
        sheet.set_column(0, len(headings) - 1, 24, plain)
        sheet.freeze_panes(1, 0)
        for index, row in enumerate((headings, *rows)):
            for column, cell in enumerate(row):
                sheet.write_string(index, column, cell, plain if index else bold)
