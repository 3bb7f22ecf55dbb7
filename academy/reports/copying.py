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

_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def can_copy(lines: Lines) -> bool:
    return isinstance(lines, QueryLines) and connections[lines.queryset.db].vendor == "postgresql"


def csv_lines(lines: QueryLines) -> Iterator[bytes]:
    """Each line with its end."""
    return map(_meant, _copied(lines, [csv_line_sql(lines.columns, _names(lines))]))


def rows(lines: QueryLines) -> Iterator[tuple[bytes, bytes]]:
    """Of each line the row of a sheet, and the line of CSV."""
    names = _names(lines)
    for both in _copied(lines, [row_xml_sql(lines.columns, names), csv_line_sql(lines.columns, names)]):
        row, _tab, line = both.partition(b"\t")
        yield _meant(row), _meant(line)


def _copied(lines: QueryLines, expressions: Sequence[str]) -> Iterator[bytes]:
    """What COPY sends for each line: a tab stands only between two expressions, those within are escaped."""
    sql, params = _final_query(lines).query.sql_with_params()
    statement = f"COPY (SELECT {', '.join(expressions)} FROM ({sql}) AS lines) TO STDOUT"  # noqa: S608  all of it is ours
    with connections[lines.queryset.db].cursor() as cursor, cursor.copy(statement, params) as copy:
        yield from map(bytes, copy)


def _meant(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), text) if b"\\" in text else text


def _names(lines: QueryLines) -> list[str]:
    return [f"value{place}" for place in range(len(lines.columns))]


def _final_query(lines: QueryLines) -> QuerySet[Any, Any]:
    sources = {f"raw_{key}": F(source) if isinstance(source, str) else source for key, source in lines.sources.items()}
    raw = lines.queryset.alias(**sources)
    values = {name: _final(column, raw) for name, column in zip(_names(lines), lines.columns, strict=True)}
    return raw.annotate(**values).values_list(*values)


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
