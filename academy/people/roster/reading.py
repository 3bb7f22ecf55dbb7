"""Reading a roster file, CSV or XLSX, into columns of text. What a row means is not looked at here."""

from __future__ import annotations

import contextlib
import csv
import gc
import itertools
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from academy.people.roster import headings, workbook_guard
from academy.people.roster.headings import Columns
from academy.people.roster.outcome import Refusal, RosterRefused

MOST_BYTES = 64 * 2**20
MOST_ROWS = workbook_guard.MOST_ROWS
DELIMITERS = ",;\t"
SHORTEST_NIP = 9
PIECE = 5000
Row = list[Any]


@dataclass
class Table:
    """The rows of a file that hold anything: `cells` has a list for each field that is in the file, as long as `numbers`.

    `numbers` are row numbers as a spreadsheet shows them. `refused` holds what could not even be read: row → reasons.
    """

    columns: Columns
    numbers: list[int]
    cells: dict[str, list[Any]]  # text, once the table is read
    refused: dict[int, list[Refusal]] = field(default_factory=dict)
    warnings: list[Refusal] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass
class Sheet:
    """All rows of the part of a file that holds the roster, from its first line on."""

    columns: Columns
    rows: Iterator[Row]
    formulas: set[tuple[int, int]] = field(default_factory=set)
    warnings: list[Refusal] = field(default_factory=list)


@contextlib.contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """A million cells are no cycles: looking for some again and again takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read(file: Path, mapping: Mapping[str, str]) -> Table:
    """The roster in the file. RosterRefused says what is wrong with the file as a whole."""
    sheet = open_sheet(file, mapping)
    with no_search_for_cycles():
        table = _gather(sheet)
    if not table.numbers:
        raise RosterRefused(_("The file holds no people: below the headings there is no row."))
    return table


def open_sheet(file: Path, mapping: Mapping[str, str]) -> Sheet:
    """The rows of the file as they are, found by content and not by the name of the file."""
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise RosterRefused(
            _("The file has %(size)d MB, the most is %(most)d MB. Split it, or keep only the columns that are needed.")
            % {"size": size // 2**20, "most": MOST_BYTES // 2**20}
        )
    with file.open("rb") as stream:
        start = stream.read(65_536)
    if not start.strip():
        raise RosterRefused(_("The file is empty."))
    if start.startswith(b"PK"):
        return _xlsx(file, mapping)
    _refuse_what_is_no_text(start)
    return _csv(file, mapping)


def _refuse_what_is_no_text(start: bytes) -> None:
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise RosterRefused(
            _(
                "This is an old Excel file (.xls), or one protected by a password. Save it as .xlsx without a password, or as CSV UTF-8."
            )
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RosterRefused(_("The text is in UTF-16. Save the file as “CSV UTF-8”."))
    if b"\0" in start:
        raise RosterRefused(_("This is neither CSV nor XLSX. Save the table as .xlsx or as “CSV UTF-8”."))


def _csv(file: Path, mapping: Mapping[str, str]) -> Sheet:
    delimiter = _delimiter(file)
    above = [[text(cell) for cell in row] for row in itertools.islice(_csv_rows(file, delimiter), headings.LINES_ABOVE)]
    return Sheet(headings.find(above, mapping), _csv_rows(file, delimiter))


def _delimiter(file: Path) -> str:
    """What separates the cells of the first lines most often; outside quotes, where it matters."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        start = "".join(itertools.islice((line[:10_000] for line in stream), headings.LINES_ABOVE))
    if start.lower().startswith("sep=") and len(start) > 4:
        return start[4]
    bare = "".join(start.split('"')[::2])
    return max(DELIMITERS, key=lambda each: (bare.count(each), each == ","))


def _csv_rows(file: Path, delimiter: str) -> Iterator[Row]:
    """Records, blank lines included; a record is what a spreadsheet shows as one row."""
    number = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.reader(stream, delimiter=delimiter, strict=True):
                number += 1
                yield row
    except UnicodeDecodeError as error:
        raise RosterRefused(
            _(
                "The text is not UTF-8 (near row %(row)d, byte %(byte)s). Save the file as “CSV UTF-8”, not as plain CSV."
            )
            % {"row": number + 1, "byte": f"0x{error.object[error.start]:02X}"}
        ) from None
    except csv.Error:
        raise RosterRefused(
            _("Row %(row)d: a quotation mark is not closed, or text follows a closed one.") % {"row": number + 1}
        ) from None


def _xlsx(file: Path, mapping: Mapping[str, str]) -> Sheet:
    """The first visible sheet with the headings of a roster; the others are named in a warning if they hold one too."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    formulas = workbook_guard.inspect(file)
    problem: RosterRefused | None = None
    sheet: Sheet | None = None
    warnings: list[Refusal] = []
    try:
        book = CalamineWorkbook.from_path(file)
        for each in book.sheets_metadata:
            if each.visible is not SheetVisibleEnum.Visible or "Work" not in str(each.typ):
                continue
            contents = book.get_sheet_by_name(each.name)
            above = list(itertools.islice(_calamine_rows(contents), headings.LINES_ABOVE))
            try:
                columns = headings.find([[text(cell) for cell in row] for row in above], mapping)
            except RosterRefused as error:
                problem = error if problem is None or len(error.headings) > len(problem.headings) else problem
                continue
            if sheet is None:
                sheet = Sheet(columns, _calamine_rows(contents), formulas.get(each.name, set()), warnings)
            else:
                warnings.append(
                    Refusal(
                        0, "", each.name, _("This sheet holds a roster too, and was not read: only the first one is.")
                    )
                )
    except CalamineError:
        raise RosterRefused(
            _("The file is not a readable XLSX file: it is damaged or protected by a password.")
        ) from None
    if sheet is None:
        raise problem or RosterRefused(_("The workbook has no sheet that can be read."))
    return sheet


def _calamine_rows(sheet: Any) -> Iterator[Row]:
    """All rows from line 1 and column A on: calamine leaves out empty columns before the table, not empty rows."""
    if sheet.start is None:
        return iter(())
    before = [""] * sheet.start[1]
    return (before + row for row in sheet.iter_rows()) if before else iter(sheet.iter_rows())


def text(value: Any) -> str:
    """A cell as text. Whole numbers lose the `.0` that a spreadsheet does not show either."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return "" if value is None else str(value)


def _gather(sheet: Sheet) -> Table:
    """One pass over the rows: keep the wanted cells of those that hold anything."""
    columns = sheet.columns
    width, nip = len(columns.headings), columns.places["nip"]
    table = Table(columns, [], {}, warnings=sheet.warnings)
    kept: list[tuple[Any, ...]] = []
    pick = operator.itemgetter(*columns.places.values())
    rows = itertools.islice(sheet.rows, columns.row, None)
    first = columns.row + 1
    while piece := list(itertools.islice(rows, PIECE)):
        if _all_usual([row[nip] for row in piece if len(row) == width], len(piece)):
            kept += map(pick, piece)
            table.numbers += range(first, first + len(piece))
        else:
            for number, row in enumerate(piece, first):
                cells = row if len(row) == width else _fitted(table, number, row)
                if not _is_no_person(cells, number, columns):
                    kept.append(pick(cells))
                    table.numbers.append(number)
        first += len(piece)
        if len(kept) > MOST_ROWS:
            raise RosterRefused(
                _("The file has more than %(rows)d rows. Split it by perangkat daerah.") % {"rows": MOST_ROWS}
            )
    for name, cells_of_field in zip(columns.places, zip(*kept, strict=True), strict=False):
        table.cells[name] = list(cells_of_field)
    _refuse_numbers(table)
    _refuse_formulas(table, sheet)
    return table


def _all_usual(nips: list[Any], rows: int) -> bool:
    """Whether all rows had their full width, and in each stands what is long enough for a NIP: then all are people."""
    return len(nips) == rows and set(map(type, nips)) == {str} and min(map(len, nips)) >= SHORTEST_NIP


def _fitted(table: Table, number: int, row: Row) -> Row:
    """The row with as many cells as there are headings; refused if others hold something."""
    width = len(table.columns.headings)
    if any(text(cell).strip() for cell in row[width:]):
        _refuse(
            table,
            number,
            table.columns.headings[-1],
            text(row[width]),
            _("The row has more cells than there are headings: is text with a comma lacking its quotation marks?"),
        )
    return [*row[:width], *[""] * (width - len(row))]


def _is_no_person(row: Row, number: int, columns: Columns) -> bool:
    return _is_blank(row) or (number == columns.row + 1 and _is_numbering(row))


def _refuse_numbers(table: Table) -> None:
    """Cells that are no text become text; a NIP that was a number has lost digits."""
    for name, cells in table.cells.items():
        if set(map(type, cells)) == {str}:
            continue
        for at, cell in enumerate(cells):
            if not isinstance(cell, str):
                cells[at] = text(cell)
                if name == "nip" and cell is not None:
                    sentence = _(
                        "The NIP is stored as a number, of which Excel keeps 15 digits only. Format the column as text and enter the NIP again."
                    )
                    _refuse(table, table.numbers[at], table.columns.labels[name], cells[at], sentence)


def _is_blank(row: Row) -> bool:
    """Looks at no cell after the first that holds something, so a usual row costs one look."""
    return all(cell in ("", None) or not text(cell).strip() for cell in row)


def _is_numbering(row: Row) -> bool:
    """The line 1, 2, 3, … that stands below the headings of official tables."""
    cells = [text(cell).strip() for cell in row if text(cell).strip()]
    return len(cells) > 2 and cells == [str(number) for number in range(1, len(cells) + 1)]


def _refuse_formulas(table: Table, sheet: Sheet) -> None:
    field_of = {place: name for name, place in table.columns.places.items()}
    at = {number: index for index, number in enumerate(table.numbers)} if sheet.formulas else {}
    for row, column in sorted(sheet.formulas):
        if row in at and column in field_of:
            name = field_of[column]
            _refuse(
                table,
                row,
                table.columns.labels[name],
                table.cells[name][at[row]],
                _("The cell holds a formula. Paste the value only."),
            )


def _refuse(table: Table, row: int, column: str, value: str, message: str) -> None:
    table.refused.setdefault(row, []).append(Refusal(row, column, value[:200], message))
