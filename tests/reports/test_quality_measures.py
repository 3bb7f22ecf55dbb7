"""The arithmetic of quality, on numbers typed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from academy.reports.quality.measures import AnswerGroup, Answers, in_bands, median


def counted(*scores: str) -> dict[Decimal, int]:
    found: dict[Decimal, int] = {}
    for score in scores:
        found[Decimal(score)] = found.get(Decimal(score), 0) + 1
    return found


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((), None), (("40",), "40"), (("40", "90"), "65"), (("10", "90", "20"), "20"), (("50", "50", "100", "100"), "75")],
)
def test_the_median_is_the_middle_one_or_between_two(scores: tuple[str, ...], expected: str | None):
    assert median(counted(*scores)) == (None if expected is None else Decimal(expected))


def test_a_band_begins_with_its_lower_end_and_the_last_holds_a_hundred():
    assert in_bands(counted("0", "9.99", "10", "69.99", "70", "90", "100")) == [2, 1, 0, 0, 0, 0, 1, 1, 0, 2]


def of_two_questions(*, both: int, only_here: int, only_there: int, neither: int) -> Answers:
    """Right here and at the other question, or at one of them; attempts score 100, 50, 50 and 0."""
    answers = Answers()
    right = AnswerGroup(
        ("a",), both + only_here, scores=100 * both + 50 * only_here, squares=10_000 * both + 2_500 * only_here
    )
    wrong = AnswerGroup(("b",), only_there + neither, scores=50 * only_there, squares=2_500 * only_there)
    answers.add(right, {"a"}, asked=2)
    answers.add(wrong, {"a"}, asked=2)
    return answers


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Of two questions it is φ = (both·neither - here·there) / √(products of the sums).
        ({"both": 15, "only_here": 5, "only_there": 5, "neither": 15}, "0.50"),  # (225 - 25) / 400
        ({"both": 10, "only_here": 10, "only_there": 10, "neither": 10}, "0.00"),
        ({"both": 5, "only_here": 15, "only_there": 15, "neither": 5}, "-0.50"),  # a key that is wrong
        ({"both": 20, "only_here": 0, "only_there": 0, "neither": 20}, "1.00"),
        ({"both": 15, "only_here": 5, "only_there": 5, "neither": 4}, None),  # 29 answers
        ({"both": 20, "only_here": 20, "only_there": 0, "neither": 0}, None),  # everybody is right
        ({"both": 20, "only_here": 0, "only_there": 20, "neither": 0}, None),  # the rest never varies
    ],
)
def test_discrimination_is_the_correlation_with_the_other_questions(table: dict[str, int], expected: str | None):
    assert of_two_questions(**table).discrimination == (None if expected is None else Decimal(expected))


def test_a_test_of_one_question_has_no_discrimination():
    answers = Answers()
    answers.add(AnswerGroup(("a",), 20, 2_000, 200_000), {"a"}, asked=1)
    answers.add(AnswerGroup(("b",), 20, 0, 0), {"a"}, asked=1)
    assert answers.facility == 0.5
    assert answers.discrimination is None


def test_several_right_options_count_in_any_order_and_only_whole():
    answers = Answers()
    answers.add(AnswerGroup(("b", "a"), 3, 0, 0), {"a", "b"}, asked=4)
    answers.add(AnswerGroup(("a",), 2, 0, 0), {"a", "b"}, asked=4)
    answers.add(AnswerGroup(("a", "b", "c"), 4, 0, 0), {"a", "b"}, asked=4)
    assert (answers.count, answers.right, dict(answers.wrong)) == (9, 3, {"c": 4})
