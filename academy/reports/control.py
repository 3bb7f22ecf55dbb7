"""What a file proves about itself: rows, totals and a hash, gathered while its lines pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from academy.pages.templatetags.formats import clock, day
from academy.reports import copying
from academy.reports.columns import Column, Value
from academy.reports.csv_lines import csv_line
from academy.reports.tables import Line, Lines, QueryLines, Table

PORTION = 500
LONG = 5_000  # more lines than this are rendered by the database where it can

# Told now and then how many rows are written; what it raises ends the writing.
Progress = Callable[[int], None]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Circumstances:
    """What every file states about itself: whose data, chosen how, as of when."""

    scope: str
    filters: list[tuple[str, str]]
    as_of: datetime


@dataclass
class Control:
    """The hash is over the lines as a CSV file holds them, without heading and totals, whatever the format."""

    columns: tuple[Column, ...]
    progress: Progress | None = None
    rows: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    _hash: Any = field(default_factory=hashlib.sha256)

    def watch(self, lines: Iterable[Line]) -> Iterator[tuple[tuple[Value, ...], bytes]]:
        """The values of each line and its line of CSV; what is totalled is added up."""
        for line in lines:
            for column, value in zip(self.columns, line.values, strict=True):
                if column.totalled and isinstance(value, int):
                    self.sums[column.key] = self.sums.get(column.key, 0) + value
            text = csv_line(line.values).encode()
            self._hashed(1, text)
            yield line.values, text

    def passed(self, count: int, lines: bytes, numbers: Iterable[Sequence[bytes]]) -> None:
        """So many more lines, as CSV holds them, and the values of each totalled column."""
        totalled = (column.key for column in self.columns if column.totalled)
        for key, values in zip(totalled, numbers, strict=True):
            self.sums[key] = self.sums.get(key, 0) + sum(map(int, values))
        self._hashed(count, lines)

    def _hashed(self, rows: int, lines: bytes) -> None:
        before, self.rows = self.rows, self.rows + rows
        self._hash.update(lines)
        if self.progress is not None and before // PORTION != self.rows // PORTION:
            self.progress(self.rows)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()  # type: ignore[no-any-return]

    def totals(self, table: Table) -> tuple[Value, ...]:
        return table.total_row(self.all_sums())

    def all_sums(self) -> Mapping[str, int]:
        return {column.key: self.sums.get(column.key, 0) for column in self.columns if column.totalled}


def is_long(lines: Lines) -> bool:
    return lines.exceed(LONG) if isinstance(lines, QueryLines) else len(lines) > LONG


def copied(lines: Lines) -> QueryLines | None:
    """The lines, if there are many and the database can render them."""
    return lines if isinstance(lines, QueryLines) and copying.can_copy(lines) and is_long(lines) else None


def portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while portion := list(islice(rest, PORTION)):
        yield portion


def in_words(moment: datetime) -> str:
    return f"{day(moment)}, {clock(moment)}"
