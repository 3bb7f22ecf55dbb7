"""The certificates behind the completions of a year."""

from __future__ import annotations

from academy.people.models import Person
from academy.reports.filters import State
from academy.reports.registry import Question
from tests.reports.recounts.academy import Academy, Taken, Values, courses_of

WORDS = {
    State.VALID: "Berlaku",
    State.OWED: "Sedang diterbitkan",
    State.EXPIRED: "Habis masa berlaku",
    State.REVOKED: "Dicabut",
    State.REPLACED: "Diganti",
}


def _finished(academy: Academy, question: Question) -> list[tuple[Person, Taken]]:
    """What was finished in the year: by those of the target, or in the units asked for."""
    if question.filters.by_earned_unit:
        earned = [(academy.people[one.person], one) for one in academy.earned(question)]
        return [(person, one) for person, one in earned if academy.is_told(person, question)]
    target = {person.pk: person for person in academy.target(question)}
    counting = academy.counting(question)
    return [(target[one.person], one) for one in counting if one.completed_on and one.person in target]


def by_course(academy: Academy, question: Question) -> list[Values]:
    lines: list[Values] = []
    for course in courses_of(question):
        finished = [one for _person, one in _finished(academy, question) if one.course == course.pk]
        states = [paper.state for one in finished for paper in one.papers]
        lines.append((course.title, len(finished), *(states.count(state) for state in WORDS)))
    return lines


def by_person(academy: Academy, question: Question) -> list[Values]:
    titles = {course.pk: course.title for course in question.courses}
    lines: list[Values] = []
    for person, one in _finished(academy, question):
        about, named = academy.about_if_named(person, question), academy.is_named(person, question)
        for paper in one.papers:
            if question.filters.state in (State.ANY, paper.state):
                number = paper.number if named else ""
                course, day = titles[one.course], one.completed_on
                lines.append((*about, course, day, number, paper.issued_on, WORDS[paper.state]))
    return lines
