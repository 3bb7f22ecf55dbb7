"""Grading: pure, on the server, from the key and what was chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Protocol

HUNDREDTH = Decimal("0.01")


class Gradable(Protocol):
    """A question as grading needs it: courses.models.QuestionVersion is one."""

    @property
    def pk(self) -> int: ...

    @property
    def correct_ids(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Grade:
    """Which questions were answered right, of how many."""

    right: frozenset[int]
    total: int

    @property
    def exact(self) -> Fraction:
        """0 to 100, not rounded: what is compared with a pass mark."""
        return Fraction(100 * len(self.right), self.total) if self.total else Fraction(0)

    @property
    def score(self) -> Decimal:
        """0 to 100 with two decimals, half up: what is stored and shown."""
        return (Decimal(self.exact.numerator) / self.exact.denominator).quantize(HUNDREDTH, ROUND_HALF_UP)

    def reaches(self, pass_mark: Decimal) -> bool:
        return self.exact >= Fraction(pass_mark)


def grade(questions: Iterable[Gradable], chosen: Mapping[int, Collection[str]]) -> Grade:
    """A question counts as right only if exactly the right options were chosen; there are no parts of a point."""
    asked = list(questions)
    right = frozenset(one.pk for one in asked if frozenset(chosen.get(one.pk, ())) == one.correct_ids)
    return Grade(right=right, total=len(asked))
