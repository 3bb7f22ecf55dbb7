"""The arithmetic of quality, pure: medians of counted values, and what the answers to a question tell about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt
from typing import Any

FEWEST_PEOPLE = 5  # a smaller group is not taken apart: its parts would be persons
FEWEST_ANSWERS = 30  # for the discrimination of a question
BANDS = 10  # of scores, each ten wide; 100 belongs to the last
HARD, EASY = Decimal("0.3"), Decimal("0.9")  # share of right answers, below or above which a question tells little
WEAK = Decimal("0.2")  # discrimination


def median(counted: Mapping[Decimal, int]) -> Decimal | None:
    """Of values given with how often each occurs; between two it is the middle of both."""
    total = sum(counted.values())
    if not total:
        return None
    low, high = _at(counted, (total - 1) // 2), _at(counted, total // 2)
    return (low + high) / 2


def _at(counted: Mapping[Decimal, int], place: int) -> Decimal:
    """The value at this place, from 0, if all stood in a row in order."""
    passed = 0
    for value in sorted(counted):
        passed += counted[value]
        if passed > place:
            return value
    raise IndexError(place)


def in_bands(counted: Mapping[Decimal, int]) -> list[int]:
    """How many scores lie in 0–9.99, 10–19.99, …, 90–100."""
    bands = [0] * BANDS
    for score, count in counted.items():
        bands[min(int(score // BANDS), BANDS - 1)] += count
    return bands


@dataclass
class Answers:
    """What was answered to one question: how many, how many of them right, and which wrong options were chosen.

    The sums are of the `rest`: the score of the attempt, from 0 to 100, over its other questions alone.
    """

    count: int = 0
    right: int = 0
    rest: float = 0
    rest_squared: float = 0
    rest_of_right: float = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, group: AnswerGroup, correct: Collection[str], *, asked: int) -> None:
        """A group of equal answers, from attempts of so many questions."""
        is_right = set(group.chosen) == set(correct)
        self.count += group.count
        self.right += group.count * is_right
        for option in group.chosen:
            if option not in correct:
                self.wrong[option] += group.count
        if asked < 2:  # there are no other questions
            return
        # Over n questions a score of s has s·n/100 right ones; without this one it is (s·n - 100·right) / (n - 1).
        scale, own = asked / (asked - 1), (100 / (asked - 1) if is_right else 0.0)
        total = scale * group.scores - own * group.count
        self.rest += total
        self.rest_squared += scale**2 * group.squares - 2 * scale * own * group.scores + own**2 * group.count
        self.rest_of_right += total * is_right

    @property
    def facility(self) -> float | None:
        """The share of right answers, 0 to 1."""
        return self.right / self.count if self.count else None

    @property
    def discrimination(self) -> Decimal | None:
        """The point-biserial correlation, -1 to 1, of being right here with the score over the other questions.

        None with fewer than 30 answers, or if one of the two never varies.
        """
        wrong = self.count - self.right
        if self.count < FEWEST_ANSWERS or not self.right or not wrong:
            return None
        mean = self.rest / self.count
        variance = self.rest_squared / self.count - mean**2
        if variance <= 1e-9:
            return None
        apart = self.rest_of_right / self.right - (self.rest - self.rest_of_right) / wrong
        share = self.right / self.count
        return Decimal(str(apart / sqrt(variance) * sqrt(share * (1 - share)))).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class AnswerGroup:
    """Equal answers: the options chosen, how often, and the sums of the scores of their attempts and of their squares."""

    chosen: tuple[str, ...]
    count: int
    scores: float
    squares: float


def gathered(
    groups: Iterable[tuple[Any, AnswerGroup, int]], correct: Mapping[Any, Collection[str]]
) -> dict[Any, Answers]:
    """By question: (question, group, number of questions in those attempts). A question without a key is left out."""
    found: dict[Any, Answers] = {}
    for question, group, asked in groups:
        if question in correct:
            found.setdefault(question, Answers()).add(group, correct[question], asked=asked)
    return found
