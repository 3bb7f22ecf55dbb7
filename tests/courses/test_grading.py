"""Grading is pure: a key, what was chosen, a score."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.grading import Grade, grade


@dataclass(frozen=True)
class Question:
    pk: int
    correct_ids: frozenset[str]


ONE = Question(1, frozenset("a"))
TWO = Question(2, frozenset("ab"))


@pytest.mark.parametrize(
    ("chosen", "right"),
    [
        ({1: ["a"], 2: ["a", "b"]}, {1, 2}),
        ({1: ["a"], 2: ["b", "a"]}, {1, 2}),
        ({1: ["b"], 2: ["a"]}, set()),  # half of a multiple question is not a right answer
        ({1: ["a", "b"], 2: ["a", "b", "c"]}, set()),  # neither is one option too many
        ({1: []}, set()),
        ({}, set()),
    ],
)
def test_a_question_is_right_only_if_exactly_the_right_options_are_chosen(chosen, right):
    assert grade([ONE, TWO], chosen).right == right


def test_score_is_rounded_half_up_to_two_decimals():
    assert Grade(frozenset({1, 2}), 3).score == Decimal("66.67")
    assert Grade(frozenset({1}), 3).score == Decimal("33.33")
    assert Grade(frozenset({1}), 800).score == Decimal("0.13")  # 0.125
    assert Grade(frozenset(), 0).score == Decimal(0)


def test_the_pass_mark_is_compared_with_the_unrounded_score():
    two_thirds = Grade(frozenset({1, 2}), 3)
    assert two_thirds.score == Decimal("66.67")
    assert not two_thirds.reaches(Decimal("66.67"))
    assert two_thirds.reaches(Decimal("66.66"))
    assert Grade(frozenset(range(7)), 10).reaches(Decimal(70))


def test_answers_to_questions_not_asked_count_for_nothing():
    assert grade([ONE], {1: ["a"], 99: ["a"]}).exact == Fraction(100)


@given(st.integers(1, 200), st.data())
def test_every_score_lies_between_0_and_100(total, data):
    right = data.draw(st.integers(0, total))
    outcome = Grade(frozenset(range(right)), total)
    assert 0 <= outcome.score <= 100
    assert abs(Fraction(outcome.score) - outcome.exact) <= Fraction(1, 200)
