"""Columns of a report: one list of them drives the page and every file, so all say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum, auto
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from academy.pages.templatetags.formats import day, grouped, score

Value = str | int | Decimal | date | None

HUNDREDTH = Decimal("0.01")


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
    words: Mapping[Any, str | Promise] | None = None
    width: int = 14

    def reader(self) -> Callable[[Any], Value]:
        """A function from what the database gave to the value that every format shows, in the reader's language."""
        if self.words:
            words = {code: str(word) for code, word in self.words.items()}
            return lambda raw: words[raw]
        match self.kind:
            case Kind.TEXT:
                return lambda raw: "" if raw is None else str(raw)
            case Kind.DECIMAL:
                return lambda raw: None if raw is None else Decimal(raw).quantize(HUNDREDTH, ROUND_HALF_UP)
            case Kind.DATE:
                return lambda raw: timezone.localtime(raw).date() if isinstance(raw, datetime) else raw
            case _:
                return lambda raw: raw


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
