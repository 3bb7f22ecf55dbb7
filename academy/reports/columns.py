"""Columns of a report: one list of them drives the page and every file, so all say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum, auto
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from academy.pages.templatetags.formats import day, grouped, score

Value = str | int | Decimal | date | None


class Kind(StrEnum):
    TEXT = auto()
    INTEGER = auto()
    YEAR = auto()  # a whole number that is not grouped
    DECIMAL = auto()  # two places
    DATE = auto()
    PERCENT = auto()  # percentage points with one place: 36.2

    @property
    def is_number(self) -> bool:
        return self in {Kind.INTEGER, Kind.YEAR, Kind.DECIMAL, Kind.PERCENT}


@dataclass(frozen=True)
class Column:
    """`key` names the value in the source of the lines; `words` puts words in place of stored codes.

    A totalled column is summed in the total row. A percent column is worked out from two others, in lines and total
    row alike: `share` names part and whole.
    """

    key: str
    heading: str | Promise
    kind: Kind = Kind.TEXT
    totalled: bool = False
    share: tuple[str, str] | None = None
    words: Mapping[str, str | Promise] | None = None
    width: int = 14

    def value(self, raw: Any) -> Value:
        """What the database gave, as the value that every format shows."""
        if raw is None or raw == "":
            return None if self.kind is not Kind.TEXT else ""
        if self.words:
            return str(self.words[raw])
        if self.kind is Kind.DECIMAL:
            return Decimal(raw).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if isinstance(raw, datetime):
            return timezone.localtime(raw).date()
        return raw  # type: ignore[no-any-return]


def percentage(part: int, whole: int) -> Decimal | None:
    """Percentage points with one place, rounded half up; None of nothing."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)


def plain(value: Value) -> str | int | float | None:
    """For JSON and for the hash: days in ISO, decimals as numbers, no text as null."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def readable(value: Value, kind: Kind) -> str:
    """For the page, in the reader's language; nothing is a dash in number columns."""
    if value is None or value == "":
        return "–" if kind.is_number else ""
    if kind is Kind.PERCENT:
        return f"{grouped(value, 1)}%"  # type: ignore[arg-type]
    if kind is Kind.DECIMAL:
        return score(value)  # type: ignore[arg-type]
    if kind is Kind.INTEGER:
        return grouped(value)  # type: ignore[arg-type]
    if isinstance(value, date):
        return day(value)
    return str(value)
