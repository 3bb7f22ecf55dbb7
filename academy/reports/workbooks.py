"""A table as an Excel workbook: lines on one sheet or several, and a last sheet that tells about the file.

XlsxWriter writes all but the long ones; those go through `sheets`, in the same shape, on PostgreSQL as rows that the
database renders. tests/reports/test_copying.py reads both and compares cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, count, islice
from typing import IO, Any, TypeVar

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from academy.reports import copying
from academy.reports.columns import Column, Kind, Value
from academy.reports.control import Circumstances, Control, Progress, copied, in_words, is_long, portions
from academy.reports.sheets import NUMBER_FORMATS, Workbook, row_xml, writable
from academy.reports.tables import Table

XLSX_ROWS = 1_000_000  # Excel ends at 1,048,576
ABOUT_WIDTHS = (28, 80)


def write_xlsx(
    table: Table,
    circumstances: Circumstances,
    out: IO[bytes],
    progress: Progress | None = None,
    *,
    most_rows: int = XLSX_ROWS,
) -> Control:
    """Real numbers and days, the NIP a text cell; a further sheet every `most_rows`, the last sheet tells about it."""
    if is_long(table.lines):
        return write_long_xlsx(table, circumstances, out, progress, most_rows=most_rows)
    control = Control(table.columns, progress)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        sheets = _Sheets(workbook, table)
        for values, _line in control.watch(table.lines):
            if (control.rows - 1) % most_rows == 0:
                sheets.begin()
            sheets.write(values)
        if not control.rows:
            sheets.begin()
        sheets.write(control.totals(table), bold=True)
        _write_about(workbook, about(table, circumstances, control))
    return control


def write_long_xlsx(
    table: Table,
    circumstances: Circumstances,
    out: IO[bytes],
    progress: Progress | None = None,
    *,
    most_rows: int = XLSX_ROWS,
) -> Control:
    """The same workbook, several times faster, of more than no lines."""
    control = Control(table.columns, progress)
    with Workbook(out) as workbook:
        if (lines := copied(table.lines)) is not None:
            for sent in _on_sheets(workbook, table, copying.csv_lines_and_rows(lines), most_rows):
                texts, rows, *numbers = copying.by_column(sent)
                control.passed(len(sent), copying.as_csv(texts), numbers)
                workbook.write(copying.as_rows(rows))
        else:
            for watched in _on_sheets(workbook, table, control.watch(table.lines), most_rows):
                workbook.write("".join(row_xml(table.columns, values) for values, _line in watched).encode())
        workbook.write(row_xml(table.columns, control.totals(table), bold=True).encode())
        _write_long_about(workbook, about(table, circumstances, control))
    return control


Item = TypeVar("Item")


def _on_sheets(workbook: Workbook, table: Table, items: Iterator[Item], most_rows: int) -> Iterator[list[Item]]:
    """The items in portions, each for the sheet that was begun last."""
    name = pgettext("report", "Data")
    for number in count(1):
        of_sheet = islice(items, most_rows)
        first = next(of_sheet, None)
        if first is None:
            return
        widths = [column.width for column in table.columns]
        workbook.begin(name if number == 1 else f"{name} {number}", widths, table.headings)
        yield from portions(chain([first], of_sheet))


class _Sheets:
    """The sheets of lines of a workbook; rows are written in order, each once."""

    def __init__(self, workbook: Any, table: Table) -> None:
        self._workbook, self._table = workbook, table
        self._heading = workbook.add_format(
            {"num_format": "@", "bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"}
        )
        self._plain = {kind: workbook.add_format({"num_format": NUMBER_FORMATS[kind]}) for kind in Kind}
        self._bold = {
            kind: workbook.add_format({"num_format": NUMBER_FORMATS[kind], "bold": True, "top": 1}) for kind in Kind
        }
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
                self._sheet.write_string(self._row, position, writable(value), style)
            elif isinstance(value, date):
                self._sheet.write_datetime(self._row, position, value, style)
            else:
                self._sheet.write_number(self._row, position, value, style)
        self._row += 1


def about(table: Table, circumstances: Circumstances, control: Control) -> list[tuple[str, str | int]]:
    """What the file says of itself, by name."""
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
    return facts


def _write_about(workbook: Any, facts: list[tuple[str, str | int]]) -> None:
    sheet = workbook.add_worksheet(pgettext("report", "About this file"))
    for place, width in enumerate(ABOUT_WIDTHS):
        sheet.set_column(place, place, width)
    plain, whole = ({"num_format": NUMBER_FORMATS[kind]} for kind in (Kind.TEXT, Kind.INTEGER))
    bold, text, number = map(workbook.add_format, (plain | {"bold": True}, plain, whole))
    for row, (name, fact) in enumerate(facts):
        sheet.write_string(row, 0, name, bold)
        if isinstance(fact, int):
            sheet.write_number(row, 1, fact, number)
        else:
            sheet.write_string(row, 1, fact, text)


def _write_long_about(workbook: Workbook, facts: list[tuple[str, str | int]]) -> None:
    workbook.begin(pgettext("report", "About this file"), ABOUT_WIDTHS, is_table=False)
    name_column = Column("name", "")
    for name, fact in facts:
        fact_column = Column("fact", "", Kind.INTEGER if isinstance(fact, int) else Kind.TEXT)
        workbook.write(row_xml((name_column, fact_column), (name, fact)).encode())
