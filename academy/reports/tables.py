"""A report as a table: columns, lines that are counted, sliced or streamed, and totals that are their sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, overload

from django.db.models import Count, F, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import pgettext

from academy.reports.columns import Column, Value, percentage

CHUNK = 2000


@dataclass(frozen=True)
class Line:
    """The values in the order of the columns; `refs` are keys the page links with, in no file."""

    values: tuple[Value, ...]
    refs: Mapping[str, Any] = field(default_factory=dict)


class Lines(Protocol):
    """What a paginator and the files need of lines, in memory or in the database."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Line]: ...
    def __getitem__(self, part: slice) -> Sequence[Line]: ...
    def sums(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Table:
    """`name` is the word in the address of its files."""

    name: str
    title: str | Promise
    columns: tuple[Column, ...]
    lines: Lines
    note: str | Promise = ""

    @property
    def headings(self) -> list[str]:
        return [str(column.heading) for column in self.columns]

    def total_row(self, sums: Mapping[str, int]) -> tuple[Value, ...]:
        """The last row: "Total", then the sum of every totalled column."""
        values = with_shares(self.columns, {column.key: sums.get(column.key) for column in self.columns})
        return (pgettext("report", "Total"), *values[1:])


def with_shares(columns: Sequence[Column], raw: Mapping[str, Any]) -> tuple[Value, ...]:
    """The values of one line; percentages are worked out here and nowhere else."""
    return tuple(
        percentage(raw[column.share[0]] or 0, raw[column.share[1]] or 0)
        if column.share
        else column.value(raw[column.key])
        for column in columns
    )


class MadeLines(Sequence[Line]):
    """Lines worked out in Python from a few aggregates."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], refs: Sequence[str] = ()) -> None:
        self._columns, self._rows = columns, rows
        self._lines = [Line(with_shares(columns, row), {name: row[name] for name in refs}) for row in rows]

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, part: int) -> Line: ...
    @overload
    def __getitem__(self, part: slice) -> Sequence[Line]: ...
    def __getitem__(self, part: int | slice) -> Line | Sequence[Line]:
        return self._lines[part]

    def sums(self) -> dict[str, int]:
        return {column.key: sum(row[column.key] for row in self._rows) for column in self._columns if column.totalled}


class QueryLines:
    """Lines of an ordered queryset; `sources` gives for every column key (and ref) a path or an expression."""

    def __init__(
        self, columns: Sequence[Column], queryset: QuerySet[Any], sources: Mapping[str, Any], refs: Sequence[str] = ()
    ) -> None:
        self._columns, self._queryset, self._sources, self._refs = columns, queryset, sources, refs
        self._keys = [*(column.key for column in columns), *refs]

    def _rows(self) -> QuerySet[Any, tuple[Any, ...]]:
        return self._queryset.values_list(*(self._sources[key] for key in self._keys))

    def _line(self, row: tuple[Any, ...]) -> Line:
        raw = dict(zip(self._keys, row, strict=True))
        return Line(with_shares(self._columns, raw), {name: raw[name] for name in self._refs})

    def __len__(self) -> int:
        return self._aggregates["lines"]

    def __iter__(self) -> Iterator[Line]:
        return map(self._line, self._rows().iterator(chunk_size=CHUNK))

    def __getitem__(self, part: slice) -> Sequence[Line]:
        return [self._line(row) for row in self._rows()[part]]

    def sums(self) -> dict[str, int]:
        """The sums as the database works them out, for a page that shows only a part of the lines."""
        return {column.key: self._aggregates[column.key] for column in self._columns if column.totalled}

    @cached_property
    def _aggregates(self) -> dict[str, int]:
        """The number of lines and the sums, in one query."""
        keys = [column.key for column in self._columns if column.totalled]
        named = self._queryset.order_by().annotate(**{f"sum_{key}": self._as_expression(key) for key in keys})
        found = named.aggregate(lines=Count("pk"), **{key: Sum(f"sum_{key}") for key in keys})
        return {key: value or 0 for key, value in found.items()}

    def _as_expression(self, key: str) -> Any:
        source = self._sources[key]
        return F(source) if isinstance(source, str) else source
