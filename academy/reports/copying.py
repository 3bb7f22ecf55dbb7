"""The lines of a query as PostgreSQL itself renders them: no value passes through Python.

The query is the one of `QueryLines`, with the expressions of `_final` in place of the readers of its columns. That both say
the same, byte by byte, is proven by tests/reports/test_copying.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connections
from django.db.models import Case, CharField, DateTimeField, DecimalField, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf, Round, TruncDate

from academy.reports.columns import Column, Kind
from academy.reports.csv_lines import csv_line_sql
from academy.reports.sheets import row_xml_sql
from academy.reports.tables import Lines, QueryLines

Numbers = list[bytes]
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def can_copy(lines: Lines) -> bool:
    return isinstance(lines, QueryLines) and connections[lines.queryset.db].vendor == "postgresql"


def csv_lines(lines: QueryLines) -> Iterator[tuple[bytes, Numbers]]:
    """Each line with its end, and the values of its totalled columns."""
    for line, *numbers in _copied(lines, [csv_line_sql(lines.columns, _names(lines))]):
        yield _meant(line) + b"\n", numbers


def rows(lines: QueryLines) -> Iterator[tuple[bytes, bytes, Numbers]]:
    """Of each line the row of a sheet, the line of CSV, and the values of the totalled columns."""
    names = _names(lines)
    rendered = [row_xml_sql(lines.columns, names), csv_line_sql(lines.columns, names)]
    for row, line, *numbers in _copied(lines, rendered):
        yield _meant(row), _meant(line) + b"\n", numbers


def _copied(lines: QueryLines, expressions: Sequence[str]) -> Iterator[list[bytes]]:
    """What COPY sends for each line: the expressions and the totalled columns, of one moment."""
    totalled = [
        f"coalesce({name}, 0)" for name, column in zip(_names(lines), lines.columns, strict=True) if column.totalled
    ]
    query = _final_query(lines)
    sql, params = query.query.get_compiler(query.db).as_sql()
    statement = f"COPY (SELECT {', '.join([*expressions, *totalled])} FROM ({sql}) AS lines) TO STDOUT"  # noqa: S608  ours
    with connections[query.db].cursor() as cursor, cursor.copy(statement, params) as copy:
        for data in copy:
            yield bytes(data)[:-1].split(b"\t")  # a tab or an end within a text was escaped


def _meant(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), text) if b"\\" in text else text


def _names(lines: QueryLines) -> list[str]:
    return [f"value{place}" for place in range(len(lines.columns))]


def _final_query(lines: QueryLines) -> QuerySet[Any, Any]:
    sources = {f"raw_{key}": F(source) if isinstance(source, str) else source for key, source in lines.sources.items()}
    raw = lines.queryset.alias(**sources)
    values = {name: _final(column, raw) for name, column in zip(_names(lines), lines.columns, strict=True)}
    final: QuerySet[Any, Any] = raw.annotate(**values).values_list(*values)
    return final


def _final(column: Column, raw: QuerySet[Any]) -> Any:
    """What `Column.reader` makes of the raw value."""
    if column.share:
        part, whole = (Cast(f"raw_{key}", DecimalField(max_digits=20, decimal_places=0)) for key in column.share)
        return Round(100 * part / NullIf(whole, Value(0)), precision=1)
    name = f"raw_{column.key}"
    if column.words:
        words = (When(**{name: code}, then=Value(str(word))) for code, word in column.words.items())
        return Case(*words, output_field=CharField())
    match column.kind:
        case Kind.TEXT:
            return Coalesce(Cast(name, TextField()), Value(""), output_field=TextField())
        case Kind.DECIMAL:
            return Round(name, precision=2)
        case Kind.DATE if isinstance(raw.query.annotations[name].output_field, DateTimeField):
            return TruncDate(name)
        case _:
            return F(name)
