"""A table as a file: CSV, XLSX or JSON, with the same headings, lines and totals.

Written line by line into a spooled file, so memory stays flat. What the file proves about itself (rows, totals, hash)
is gathered while the lines pass. Nothing in a file is a live formula (promise P9).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.text import slugify
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.pages.templatetags.formats import clock, day
from academy.reports.columns import Column, Kind, Value, plain
from academy.reports.tables import Line, Table

SPOOL_BYTES = 1024 * 1024
XLSX_ROWS = 1_000_000  # Excel ends at 1,048,576
BOM = "\ufeff"

# What a spreadsheet may take for a formula: at the beginning of a cell, and after what another language's Excel
# takes for the end of one. The wide forms are what East Asian input makes of the same signs.
FORMULA = re.compile("(^|[;\t\r\n])(?=[ \u00a0]*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")


@dataclass(frozen=True)
class Circumstances:
    """What every file states about itself: whose data, chosen how, as of when."""

    scope: str
    filters: list[tuple[str, str]]
    as_of: datetime


# Told now and then how many rows are written; what it raises ends the writing.
Progress = Callable[[int], None]
PROGRESS_EVERY = 500


@dataclass
class Control:
    """Counts, sums and hashes the lines that pass. The hash is over one line of compact JSON per row, as in "rows"."""

    columns: tuple[Column, ...]
    progress: Progress | None = None
    rows: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    _hash: Any = field(default_factory=hashlib.sha256)

    def watch(self, lines: Iterator[Line]) -> Iterator[tuple[Value, ...]]:
        for line in lines:
            self.rows += 1
            if self.progress is not None and self.rows % PROGRESS_EVERY == 0:
                self.progress(self.rows)
            for column, value in zip(self.columns, line.values, strict=True):
                if column.totalled and isinstance(value, int):
                    self.sums[column.key] = self.sums.get(column.key, 0) + value
            self._hash.update(canonical(line.values).encode() + b"\n")
            yield line.values

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()  # type: ignore[no-any-return]

    def totals(self, table: Table) -> tuple[Value, ...]:
        return table.total_row({column.key: self.sums.get(column.key, 0) for column in self.columns if column.totalled})


def canonical(values: tuple[Value, ...]) -> str:
    return json.dumps([plain(value) for value in values], ensure_ascii=False, separators=(",", ":"))


def defused(text: str) -> str:
    """`text` with an apostrophe before whatever a spreadsheet would run."""
    return FORMULA.sub(r"\1'", text)


def write_csv(table: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None = None) -> Control:
    """UTF-8 with BOM; text quoted, numbers bare with a point, days in ISO; the last row holds the totals."""
    control = Control(table.columns, progress)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    text.write(BOM)
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(defused(heading) for heading in table.headings)
    for values in control.watch(iter(table.lines)):
        writer.writerow([_csv_cell(value) for value in values])
    writer.writerow([_csv_cell(value) for value in control.totals(table)])
    text.flush()
    text.detach()
    return control


def _csv_cell(value: Value) -> str | int | Decimal:
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value


def write_json(table: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None = None) -> Control:
    """{"headings", "rows", "totals", "scope", "filters", "as_of", "row_count", "sha256"}; rows are lists."""
    control = Control(table.columns, progress)

    def put(text: str) -> None:
        out.write(text.encode())

    put('{"headings": ' + json.dumps(table.headings, ensure_ascii=False) + ',\n"rows": [')
    for values in control.watch(iter(table.lines)):
        put((",\n" if control.rows > 1 else "\n") + canonical(values))
    rest = {
        "totals": [plain(value) for value in control.totals(table)],
        "title": str(table.title),
        "scope": circumstances.scope,
        "filters": dict(circumstances.filters),
        "as_of": localtime(circumstances.as_of).isoformat(timespec="seconds"),
        "row_count": control.rows,
        "sha256": control.sha256,
    }
    put("\n],\n" + json.dumps(rest, ensure_ascii=False, indent=1)[2:] + "\n")
    return control


def write_xlsx(
    table: Table,
    circumstances: Circumstances,
    out: IO[bytes],
    progress: Progress | None = None,
    *,
    most_rows: int = XLSX_ROWS,
) -> Control:
    """Real numbers and days, the NIP a text cell; a further sheet every `most_rows`, the last sheet tells about it."""
    control = Control(table.columns, progress)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheets = _Sheets(workbook, table)
        for values in control.watch(iter(table.lines)):
            if (control.rows - 1) % most_rows == 0:
                sheets.begin()
            sheets.write(values)
        if not control.rows:
            sheets.begin()
        sheets.write(control.totals(table), bold=True)
        _write_about(workbook, table, circumstances, control)
    return control


class _Sheets:
    """The sheets of lines of a workbook; rows are written in order, each once."""

    def __init__(self, workbook: Any, table: Table) -> None:
        self._workbook, self._table = workbook, table
        self._heading = workbook.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"})
        self._plain = {kind: workbook.add_format(NUMBER_FORMATS[kind]) for kind in Kind}
        self._bold = {kind: workbook.add_format(NUMBER_FORMATS[kind] | {"bold": True, "top": 1}) for kind in Kind}
        self._count = 0

    def begin(self) -> None:
        self._count += 1
        name = pgettext("report", "Data")
        self._sheet = self._workbook.add_worksheet(name if self._count == 1 else f"{name} {self._count}")
        for position, column in enumerate(self._table.columns):
            self._sheet.set_column(position, position, column.width)
        self._sheet.freeze_panes(1, 1)
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)  # A4
        self._sheet.fit_to_pages(1, 0)
        for position, heading in enumerate(self._table.headings):
            self._sheet.write_string(0, position, heading, self._heading)
        self._row = 1

    def write(self, values: tuple[Value, ...], *, bold: bool = False) -> None:
        formats = self._bold if bold else self._plain
        for position, (column, value) in enumerate(zip(self._table.columns, values, strict=True)):
            style = formats[column.kind]
            if value is None or value == "":
                self._sheet.write_blank(self._row, position, None, style)
            elif isinstance(value, str):
                self._sheet.write_string(self._row, position, value, style)
            elif isinstance(value, date):
                self._sheet.write_datetime(self._row, position, value, style)
            else:
                self._sheet.write_number(self._row, position, value, style)
        self._row += 1


NUMBER_FORMATS: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"num_format": "@"},
    Kind.INTEGER: {"num_format": "#,##0"},
    Kind.YEAR: {"num_format": "0"},
    Kind.DECIMAL: {"num_format": "0.00"},
    Kind.DATE: {"num_format": "dd-mm-yyyy", "align": "left"},
    Kind.PERCENT: {"num_format": "0.0"},
}


def _write_about(workbook: Any, table: Table, circumstances: Circumstances, control: Control) -> None:
    sheet = workbook.add_worksheet(pgettext("report", "About this file"))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 80)
    bold, text = workbook.add_format({"bold": True, "num_format": "@"}), workbook.add_format({"num_format": "@"})
    facts: list[tuple[str, str | int]] = [
        (pgettext("report", "Report"), str(table.title)),
        (pgettext("report", "Scope"), circumstances.scope),
        *circumstances.filters,
        (pgettext("report", "Data as of"), in_words(circumstances.as_of)),
        (pgettext("report", "Lines"), control.rows),
    ]
    for column, value in zip(table.columns, control.totals(table), strict=True):
        if column.totalled and isinstance(value, int):
            facts.append((pgettext("report", "Total: %(column)s") % {"column": column.heading}, value))
    facts.append((_("SHA-256 of the lines"), control.sha256))
    if table.note:
        facts.append((pgettext("report", "Note"), str(table.note)))
    for row, (name, fact) in enumerate(facts):
        sheet.write_string(row, 0, name, bold)
        if isinstance(fact, int):
            sheet.write_number(row, 1, fact)
        else:
            sheet.write_string(row, 1, fact, text)


def in_words(moment: datetime) -> str:
    return f"{day(moment)}, {clock(moment)}"


@dataclass(frozen=True)
class FileFormat:
    """`word` stands in the address, and nothing else differs there between the formats."""

    word: str
    label: str
    content_type: str
    write: Callable[[Table, Circumstances, IO[bytes], Progress | None], Control]


FORMATS = {
    form.word: form
    for form in (
        FileFormat("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
        FileFormat("csv", "CSV", "text/csv; charset=utf-8", write_csv),
        FileFormat("json", "JSON", "application/json", write_json),
    )
}


def write(
    table: Table,
    circumstances: Circumstances,
    form: FileFormat,
    *,
    out: IO[bytes] | None = None,
    progress: Progress | None = None,
) -> tuple[IO[bytes], Control]:
    """The file, rewound to its beginning; the caller closes it. Without `out` it is a temporary one."""
    if out is None:
        out = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115  the caller closes it
    control = form.write(table, circumstances, out, progress)
    out.seek(0)
    return out, control


def file_name(table: Table, circumstances: Circumstances, form: FileFormat, *, year: int | None) -> str:
    """Such as laporan-unit-2026-pemerintah-kab-kupang-20261124-1430.csv: what, which year, whose, as of when."""
    parts = [
        "laporan",
        table.name,
        str(year or ""),
        slugify(circumstances.scope)[:60].strip("-"),
        f"{localtime(circumstances.as_of):%Y%m%d-%H%M}",
    ]
    return "-".join(part for part in parts if part) + f".{form.word}"
