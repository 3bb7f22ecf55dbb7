"""A table as a file: XLSX, CSV, JSON or PDF, with the same headings, lines, totals and hash.

Written line by line, so memory stays flat. Nothing in a file is a live formula (promise P9).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from django.utils.text import slugify
from django.utils.timezone import localtime

from academy.reports import copying, documents
from academy.reports.columns import Value, plain
from academy.reports.control import Circumstances, Control, Progress, copied, in_words, portions
from academy.reports.csv_lines import csv_line
from academy.reports.tables import Table
from academy.reports.workbooks import write_xlsx

__all__ = ["FORMATS", "Circumstances", "Control", "FileFormat", "Progress", "file_name", "in_words", "write"]

SPOOL_BYTES = 1024 * 1024
AT_ONCE = 5_000  # lines of a file that the request itself may write
BOM = "\ufeff"


def write_csv(table: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None = None) -> Control:
    """UTF-8 with BOM; text quoted, numbers bare with a point, days in ISO; the last row holds the totals."""
    control = Control(table.columns, progress)
    out.write((BOM + csv_line(table.headings)).encode())
    if (lines := copied(table.lines)) is not None:  # its truth would be its length, counted
        for sent in portions(copying.csv_lines(lines)):
            texts, *numbers = copying.by_column(sent)
            text = copying.as_csv(texts)
            control.passed(len(sent), text, numbers)
            out.write(text)
    else:
        for _values, line in control.watch(table.lines):
            out.write(line)
    out.write(csv_line(control.totals(table)).encode())
    return control


def canonical(values: tuple[Value, ...]) -> str:
    return json.dumps([plain(value) for value in values], ensure_ascii=False, separators=(",", ":"))


def write_json(table: Table, circumstances: Circumstances, out: IO[bytes], progress: Progress | None = None) -> Control:
    """{"headings", "rows", "totals", "scope", "filters", "as_of", "row_count", "sha256"}; rows are lists."""
    control = Control(table.columns, progress)

    def put(text: str) -> None:
        out.write(text.encode())

    put('{"headings": ' + json.dumps(table.headings, ensure_ascii=False) + ',\n"rows": [')
    for values, _line in control.watch(table.lines):
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


@dataclass(frozen=True)
class FileFormat:
    """`word` stands in the address, and nothing else differs there between the formats.

    More lines than `at_once` are a worker's to write; more than `most_lines` are refused.
    """

    word: str
    label: str
    content_type: str
    write: Callable[[Table, Circumstances, IO[bytes], Progress | None], Control]
    at_once: int = AT_ONCE
    most_lines: int | None = None


FORMATS = {
    form.word: form
    for form in (
        FileFormat("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
        FileFormat("csv", "CSV", "text/csv; charset=utf-8", write_csv),
        FileFormat("json", "JSON", "application/json", write_json),
        FileFormat(
            "pdf",
            "PDF",
            "application/pdf",
            documents.write_pdf,
            at_once=documents.AT_ONCE,
            most_lines=documents.MOST_LINES,
        ),
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
    try:
        control = form.write(table, circumstances, out, progress)
    except BaseException:
        out.close()
        raise
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
