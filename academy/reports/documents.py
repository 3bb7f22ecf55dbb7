"""A table as a PDF to be read and filed: landscape A4, headings on every page, what the file says of itself first.

For summaries: a document of thousands of lines is read by nobody and takes minutes to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from academy.pages.templatetags.formats import grouped
from academy.reports.columns import Column, Kind, Value, readable
from academy.reports.control import Circumstances, Control, Progress, in_words
from academy.reports.sheets import writable
from academy.reports.tables import Table
from certificates.rendering import draw_sheet

STYLE = Path(__file__).resolve().parent / "templates" / "reports" / "pdf" / "report.css"
MOST_LINES = 2_000  # some 10 ms each
AT_ONCE = 200
WIDE, WIDEST = 9, 11  # more columns than this are set smaller, and smallest
NIP_WIDTH = 36  # it stays on one line in the widest table, too
DAY_WIDTH = 21  # the longest month is not broken
LOOKS = {Kind.DATE: "day"}

Cell = dict[str, Any]


class TooManyLines(Exception):
    """More lines than a document is made of; the message says so."""


def write_pdf(table: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None = None) -> Control:
    """PDF/UA-1. TooManyLines if the table has more than MOST_LINES; nothing in it is a link."""
    control = Control(table.columns, progress)
    rows = [values for values, _line in control.watch(_limited(table))]
    context = {
        "title": str(table.title),
        "foot": foot(circumstances),
        "facts": facts(table, circumstances, control),
        "sheet": sheet(table.columns, rows, control.totals(table)),
    }
    out.write(draw_sheet(html("table", context), style=STYLE))
    return control


def html(name: str, context: dict[str, Any]) -> str:
    language = get_language() or settings.LANGUAGE_CODE
    return render_to_string(f"reports/pdf/{name}.html", {"language": language, **context})


def facts(table: Table, circumstances: Circumstances, control: Control) -> list[tuple[str, str]]:
    """What the file says of itself beside its title and its last row."""
    told = [
        (pgettext("report", "Scope"), circumstances.scope),
        *circumstances.filters,
        (pgettext("report", "Data as of"), in_words(circumstances.as_of)),
        (pgettext("report", "Lines"), grouped(control.rows)),
        (_("SHA-256 of the lines"), control.sha256),
        (pgettext("report", "Note"), str(table.note)),
    ]
    return [(name, writable(value)) for name, value in told if value]


def foot(circumstances: Circumstances) -> str:
    return f"{circumstances.scope} · {in_words(circumstances.as_of)}"


def sheet(
    columns: Sequence[Column], rows: Iterable[tuple[Value, ...]], totals: tuple[Value, ...] | None = None
) -> dict[str, Any]:
    """Lines for reports/pdf/_lines.html; the widths of the columns are shares of the paper's."""
    widths = [_width(column) for column in columns]
    return {
        "columns": [
            {
                "heading": str(column.heading),
                "width": f"{100 * width / sum(widths):.2f}",
                "figure": column.kind.is_number,
            }
            for column, width in zip(columns, widths, strict=True)
        ],
        "rows": [_cells(columns, row) for row in rows],
        "totals": _cells(columns, totals, dash=False) if totals else None,
        "size": "widest" if len(columns) > WIDEST else "wide" if len(columns) > WIDE else "",
    }


def _width(column: Column) -> int:
    if column.key == "nip":
        return NIP_WIDTH
    return max(column.width, DAY_WIDTH) if column.kind is Kind.DATE else column.width


def _cells(columns: Sequence[Column], values: tuple[Value, ...], *, dash: bool = True) -> list[Cell]:
    return [
        {
            "text": writable(readable(value, column.kind)) if dash or value is not None else "",
            "look": "figure"
            if column.kind.is_number
            else LOOKS.get(column.kind, "whole" if column.key == "nip" else ""),
        }
        for column, value in zip(columns, values, strict=True)
    ]


def _limited(table: Table) -> Iterable[Any]:
    for number, line in enumerate(table.lines):
        if number == MOST_LINES:
            raise TooManyLines(too_many(MOST_LINES))
        yield line


def too_many(most: int) -> str:
    return _(
        "A PDF is for summaries of at most %(most)s lines. Choose Excel or CSV, or narrow your choice to one unit or one course."
    ) % {"most": grouped(most)}
