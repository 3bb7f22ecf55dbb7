"""How far units and courses are, and what was earned in them."""

from __future__ import annotations

from collections.abc import Sequence

from academy.people.models import Person
from academy.reports.registry import Question
from courses.models import Course
from tests.reports.recounts.academy import Academy, Row, Taken, Values, courses_of, share
from tests.reports.recounts.lists import earned_figures


def by_unit(academy: Academy, question: Question) -> list[Values]:
    """People, each in the furthest state; or completions."""
    lines: list[Values] = []
    for row in academy.rows(question):
        people, earned = _people_in(academy, question, row), _earned_in(academy, question, row)
        if question.filters.by_earned_unit and (earned or row.always):
            lines.append((row.name, *earned_figures(academy, earned)))
        elif not question.filters.by_earned_unit and (people or row.always):
            lines.append((row.name, *_of_people(academy, question, people)))
    return lines


def by_course(academy: Academy, question: Question) -> list[Values]:
    """Pairs of person and course: everybody of the target could take every course; or completions."""
    if question.filters.by_earned_unit:
        return [
            (course.title, *earned_figures(academy, _of_course(academy.earned(question), course)))
            for course in courses_of(question)
        ]
    target = academy.target(question)
    return [(course.title, *_of_pairs(academy, question, target, course)) for course in courses_of(question)]


def by_unit_and_course(academy: Academy, question: Question) -> list[Values]:
    """Of each unit every course that somebody of it could take or took."""
    lines: list[Values] = []
    for row in academy.rows(question):
        people = _people_in(academy, question, row)
        earned = _earned_in(academy, question, row)
        for course in courses_of(question):
            of_course = _of_course(earned, course)
            if question.filters.by_earned_unit and of_course:
                lines.append((row.name, course.title, *earned_figures(academy, of_course)))
            elif people and not question.filters.by_earned_unit:
                lines.append((row.name, course.title, *_of_pairs(academy, question, people, course)))
    return lines


def _people_in(academy: Academy, question: Question, row: Row) -> list[Person]:
    return [person for person in academy.target(question) if person.unit_id in row.units]


def _earned_in(academy: Academy, question: Question, row: Row) -> list[Taken]:
    return [one for one in academy.earned(question) if one.earned_unit in row.units]


def _of_course(taken: Sequence[Taken], course: Course) -> list[Taken]:
    return [one for one in taken if one.course == course.pk]


def _of_people(academy: Academy, question: Question, people: Sequence[Person]) -> Values:
    counting = academy.counting(question)
    own = [[one for one in counting if one.person == person.pk] for person in people]
    return _counted(academy, len(people), own)


def _of_pairs(academy: Academy, question: Question, people: Sequence[Person], course: Course) -> Values:
    counting = _of_course(academy.counting(question), course)
    own = [[one for one in counting if one.person == person.pk] for person in people]
    return _counted(academy, len(people), own)


def _counted(academy: Academy, target: int, groups: Sequence[Sequence[Taken]]) -> Values:
    """Each of the groups counts once: in the furthest state, and as overdue if one in it is."""
    reached = [max(one.reached for one in group) for group in groups if group]
    finished = sum(far >= 2 for far in reached)
    return (
        *(target, len(reached), reached.count(0), reached.count(1), finished, reached.count(3)),
        sum(any(one.is_overdue(academy.today) for one in group) for group in groups),
        share(finished, target),
    )
