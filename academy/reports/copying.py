"""The lines of a query as PostgreSQL itself renders them: no value passes through Python.

The query is the one of `QueryLines`, with the expressions of `_final` in place of the readers of its columns. That both say
the same, byte by byte, is proven by tests/reports/test_copying.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connections
from django.db.models import Case, CharField, DateTimeField, DecimalField, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf, Round, TruncDate

from academy.reports.columns import Column, Kind
from academy.reports.csv_lines import FORMULA_BEGINS, csv_line_sql, pattern_sql
from academy.reports.sheets import CODED, EDGE, UNWRITABLE, row_xml_sql
from academy.reports.tables import Lines, QueryLines

# What CSV or XML cannot hold as it is, in texts between ends of cells.
DELICATE = f'["&<>]|{UNWRITABLE}|{CODED}|{FORMULA_BEGINS}|;[{EDGE}]|[{EDGE}];'
Sent = bytes | memoryview  # a line as COPY sends it
Rendering = Callable[..., str]  # csv_line_sql or row_xml_sql
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def can_copy(lines: Lines) -> bool:
    return isinstance(lines, QueryLines) and connections[lines.queryset.db].vendor == "postgresql"


def csv_lines(lines: QueryLines) -> Iterator[Sent]:
    """Columns of `by_column`: the line of CSV without its end, and the totalled ones."""
    return _sent(lines, csv_line_sql)


def csv_lines_and_rows(lines: QueryLines) -> Iterator[Sent]:
    """Columns of `by_column`: the line of CSV without its end, the row of a sheet, and the totalled ones."""
    return _sent(lines, csv_line_sql, row_xml_sql)


def by_column(sent: Sequence[Sent]) -> list[list[bytes]]:
    """The values of some lines, at least one; texts still as COPY escapes them."""
    *values, _behind_the_last = b"".join(sent).replace(b"\n", b"\t").split(b"\t")  # within a text both are escaped
    width = len(values) // len(sent)
    return [values[place::width] for place in range(width)]


def as_csv(texts: Sequence[bytes]) -> bytes:
    return _meant(b"\n".join(texts)) + b"\n"


def as_rows(rows: Sequence[bytes]) -> bytes:
    return _meant(b"".join(rows))


def _meant(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1]), text) if b"\\" in text else text


def _sent(lines: QueryLines, *renderings: Rendering) -> Iterator[Sent]:
    """The lines of one moment. Nearly no line holds what has to be escaped, and one look at all of its texts tells."""
    names, query = _names(lines), _final_query(lines)
    totalled = [f"coalesce({name}, 0)" for name, column in zip(names, lines.columns, strict=True) if column.totalled]
    rendered = [
        f"CASE WHEN delicate THEN {render(lines.columns, names, delicate=True)} ELSE {render(lines.columns, names)} END"
        for render in renderings
    ]
    texts = [name for name, column in zip(names, lines.columns, strict=True) if column.kind is Kind.TEXT]
    delicate = f"concat_ws(';', '', {', '.join(texts)}, '') ~ {pattern_sql(DELICATE)}" if texts else "false"
    sql, params = query.query.get_compiler(query.db).as_sql()
    looked = f"SELECT *, {delicate} AS delicate FROM ({sql}) AS final OFFSET 0"  # noqa: S608  ours; OFFSET: once a line
    statement = f"COPY (SELECT {', '.join([*rendered, *totalled])} FROM ({looked}) AS lines) TO STDOUT"  # noqa: S608
    used = connections[query.db]
    with used.wrap_database_errors, used.cursor() as cursor, cursor.copy(statement, params) as copy:
        yield from copy


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
