"""Tables that leave the house, as CSV or XLSX: the rows an import refused, and the sample files. No cell is a formula."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from academy.people.roster.outcome import Outcome
from academy.people.roster.reading import text
from academy.whole_files import appearing

REASON = "Alasan"
# What a spreadsheet takes for a formula, also after spaces; full width signs as some keyboards write them.
SIGNS = "=+-@\t\r＝＋－＠"  # noqa: RUF001
LIVE, DEFUSED = (re.compile(rf"^([^\S\t\r]*){guard}([{re.escape(SIGNS)}])") for guard in ("", "'"))
COLUMN_WIDTH, COLUMNS = 24, 60


def write_refused(
    target: Path, outcome: Outcome, headings: Sequence[str], lines: Iterable[tuple[int, Sequence[Any]]]
) -> None:
    """The refused ones of `lines` (row number, cells) with all their columns and the reasons, to be corrected and loaded
    again: readers do not know the heading of the reasons.
    """
    reasons: dict[int, list[str]] = {}
    for refusal in outcome.refusals:
        reasons.setdefault(refusal.row, []).append(f"{refusal.column}: {refusal.message}")
    kept = [place for place, heading in enumerate(headings) if heading.strip() != REASON]

    def rows() -> Iterator[list[str]]:
        for number, cells in lines:
            if number in reasons:
                yield [*(text(cells[place]) if place < len(cells) else "" for place in kept), " ".join(reasons[number])]

    write_table(target, [*(headings[place] for place in kept), REASON], rows())


def write_table(target: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write the table in the form that the name asks for; it appears whole or not at all."""
    with appearing(target) as unfinished, unfinished.open("wb") as file:
        table_into(file, target.suffix.lower().lstrip("."), headings, rows)


def table_into(file: IO[bytes], ending: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """CSV as Indonesian spreadsheets open it (UTF-8 with its mark, semicolons), or a workbook of texts."""
    lines = ([defused(cell) for cell in row] for row in itertools.chain([headings], rows))
    if ending == "xlsx":
        _workbook_into(file, lines)
        return
    stream = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    csv.writer(stream, delimiter=";").writerows(lines)
    stream.detach()


def defused(cell: str) -> str:
    """A text that a spreadsheet might take for a formula gets an apostrophe before it."""
    return LIVE.sub(r"\1'\2", cell)


def as_meant(cell: str) -> str:
    """The text without the apostrophe of `defused`, or of a person who knew the trick."""
    return DEFUSED.sub(r"\1\2", cell)


def _workbook_into(file: IO[bytes], lines: Iterable[Sequence[str]]) -> None:
    import xlsxwriter  # only where a workbook is written

    with xlsxwriter.Workbook(file, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        bold, plain = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@"})
        sheet.set_column(0, COLUMNS, COLUMN_WIDTH, plain)
        sheet.freeze_panes(1, 0)
        for at, line in enumerate(lines):
            for column, cell in enumerate(line):
                sheet.write_string(at, column, cell, plain if at else bold)
