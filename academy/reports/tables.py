"""A report as a table: columns, lines that are counted, sliced or streamed, and totals that are their sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, overload

from django.db.models import Count, QuerySet
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
    """`name` is the word in the address of its files; `as_of` is given where the figures are older than the question."""

    name: str
    title: str | Promise
    columns: tuple[Column, ...]
    lines: Lines
    note: str | Promise = ""
    as_of: datetime | None = None

    @property
    def headings(self) -> list[str]:
        return [str(column.heading) for column in self.columns]

    def total_row(self, sums: Mapping[str, int]) -> tuple[Value, ...]:
        """The last row: "Total", then the sum of every totalled column."""
        summed = [column for column in self.columns if column.totalled or column.share]
        values = dict(zip((column.key for column in summed), values_of(summed)(sums), strict=True))
        return (pgettext("report", "Total"), *(values.get(column.key) for column in self.columns[1:]))


def values_of(columns: Sequence[Column]) -> Callable[[Mapping[str, Any]], tuple[Value, ...]]:
    """A function from the raw values of a line to those shown; percentages are worked out here and nowhere else."""
    readers = [_share(*column.share) if column.share else _one(column) for column in columns]
    return lambda raw: tuple(read(raw) for read in readers)


def _one(column: Column) -> Callable[[Mapping[str, Any]], Value]:
    key, read = column.key, column.reader()
    return lambda raw: read(raw[key])


def _share(part: str, whole: str) -> Callable[[Mapping[str, Any]], Value]:
    return lambda raw: percentage(raw[part], raw[whole])


class MadeLines(Sequence[Line]):
    """Lines worked out in Python from a few aggregates."""

    def __init__(self, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], refs: Sequence[str] = ()) -> None:
        self._columns, self._rows = columns, rows
        values = values_of(columns)
        self._lines = [Line(values(row), {name: row[name] for name in refs}) for row in rows]

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
    """Lines of an ordered queryset; `sources` gives for every column key (and ref) a path or an expression.

    `summed` and `totals` are the rows and the aggregates (expressions), by column key, that give the sums without looking at every
    line. Where those rows are the very lines (`at_once`), they are counted and summed in one query, and a page is cut out
    of their keys before anything else of a line is read.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        queryset: QuerySet[Any],
        sources: Mapping[str, Any],
        *,
        refs: Sequence[str] = (),
        summed: QuerySet[Any] | None = None,
        totals: Mapping[str, Any] | None = None,
        at_once: bool = False,
    ) -> None:
        self.columns, self.queryset, self.sources, self._refs = columns, queryset, sources, refs
        self._summed, self._totals, self._at_once = summed, totals or {}, at_once
        self._keys = [*(column.key for column in columns), *refs]
        self._values = values_of(columns)

    def _rows(self, queryset: QuerySet[Any]) -> QuerySet[Any, tuple[Any, ...]]:
        return queryset.values_list(*(self.sources[key] for key in self._keys))

    def _line(self, row: tuple[Any, ...]) -> Line:
        raw = dict(zip(self._keys, row, strict=True))
        return Line(self._values(raw), {name: raw[name] for name in self._refs})

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Line]:
        return map(self._line, self._rows(self.queryset).iterator(chunk_size=CHUNK))

    def __getitem__(self, part: slice) -> Sequence[Line]:
        if part == slice(None):
            lines = [self._line(row) for row in self._rows(self.queryset)]
            self._count = len(lines)  # all of them are here: nobody need count them again
            return lines
        if not self._at_once:
            return [self._line(row) for row in self._rows(self.queryset)[part]]
        keys = list(self.queryset.values_list("pk", flat=True)[part])
        return [self._line(row) for row in self._rows(self.queryset.filter(pk__in=keys))]

    def showing(
        self, columns: Sequence[Column], more: Mapping[str, Any] | None = None, *, refs: Sequence[str] = ()
    ) -> QueryLines:
        """The same lines in other columns, of the same sources and some more; both totalled alike."""
        return QueryLines(
            columns,
            self.queryset,
            {**self.sources, **(more or {})},
            refs=refs,
            summed=self._summed,
            totals=self._totals,
        )

    def sums(self) -> dict[str, int]:
        """The sums as the database works them out, for a page that shows only a part of the lines."""
        if self._at_once:
            return self._measured[1]
        wanted = {column.key: self._totals[column.key] for column in self.columns if column.totalled}
        found = self._summed.order_by().aggregate(**wanted) if self._summed is not None and wanted else {}
        return {key: found.get(key) or 0 for key in wanted}

    def measured(self) -> tuple[int, dict[str, int]]:
        """The number of lines and the sums, in one query; for lines that are the rows of `summed`."""
        if self._summed is None:
            return len(self), self.sums()
        found = self._summed.order_by().aggregate(lines=Count("pk"), **self._totals)
        return found.pop("lines"), {column.key: found[column.key] or 0 for column in self.columns if column.totalled}

    def exceed(self, count: int) -> bool:
        """Whether there are more than so many, without counting all of them."""
        return self._count > count if "_count" in vars(self) else self.queryset.order_by()[count : count + 1].exists()

    @cached_property
    def _measured(self) -> tuple[int, dict[str, int]]:
        return self.measured()

    @cached_property
    def _count(self) -> int:
        return self._measured[0] if self._at_once else self.queryset.count()


class LinesByUnit(QueryLines):
    """Lines in the order of the units of people, of which is known how many each holds: a page reads its units alone.

    `per_unit` gives the key of every unit, its number of lines and their sums, in that order, and `of_units` the rows of
    some units, by their keys. Sorting everybody of a large agency for each page of fifty takes longer than counting them.
    """

    def __init__(
        self,
        *args: Any,
        per_unit: Callable[[], Sequence[tuple[int, int, Mapping[str, int]]]],
        of_units: Callable[[Sequence[int]], QuerySet[Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._per_unit, self._of_units = per_unit, of_units

    @cached_property
    def _units(self) -> Sequence[tuple[int, int, Mapping[str, int]]]:
        return self._per_unit()

    def sums(self) -> dict[str, int]:
        wanted = [column.key for column in self.columns if column.totalled]
        return {key: sum(sums[key] for _unit, _count, sums in self._units) for key in wanted}

    @cached_property
    def _count(self) -> int:
        return sum(count for _unit, count, _sums in self._units)

    def __getitem__(self, part: slice) -> Sequence[Line]:
        start, stop, _step = part.indices(len(self))
        shown: list[int] = []
        before = begins = 0
        for unit, count, _sums in self._units:
            if before < stop and before + count > start:
                begins = begins if shown else before
                shown.append(unit)
            before += count
        if not shown:
            return []
        order = self.queryset.query.order_by
        # The keys first, without all that the lines tell; of one unit in the order within it, which an index has.
        keys = self._of_units(shown).order_by(*order[1 if len(shown) == 1 else 0 :]).values("pk")
        of_page = self.queryset.model._default_manager.filter(pk__in=keys[start - begins : stop - begins])
        return [self._line(row) for row in self._rows(of_page.order_by(*order))]
