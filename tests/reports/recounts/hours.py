"""Credit hours of a year: a duty of 20 for a PNS, a ceiling of 24 for a PPPK (docs/rules.md, "Annual credit hours")."""

from __future__ import annotations

from academy.people.models import Person
from academy.reports.filters import State
from academy.reports.registry import Question
from tests.reports.recounts.academy import Academy, Values, share
from tests.reports.recounts.completion import by_unit as what_was_earned
from tests.reports.recounts.lists import people_who_earned

KINDS = {"pns": "PNS", "pppk": "PPPK", "other": "Lainnya"}


def by_unit(academy: Academy, question: Question) -> list[Values]:
    if question.filters.by_earned_unit:
        return what_was_earned(academy, question)
    lines: list[Values] = []
    for row in academy.rows(question):
        people = [person for person in academy.target(question) if person.unit_id in row.units]
        of_pns = [_hours(academy, question, person) for person in people if person.kind == "pns"]
        of_pppk = [_hours(academy, question, person) for person in people if person.kind == "pppk"]
        met = sum(hours >= 20 for hours in of_pns)
        figures = (
            *(len(people), sum(_hours(academy, question, person) for person in people)),
            *(len(of_pns), met, len(of_pns) - met, sum(max(20 - hours, 0) for hours in of_pns)),
            sum(hours > 24 for hours in of_pppk),
        )
        if people or row.always:
            lines.append((row.name, *figures, share(met, len(of_pns))))
    return lines


def by_person(academy: Academy, question: Question) -> list[Values]:
    if question.filters.by_earned_unit:
        return people_who_earned(academy, question)
    lines: list[Values] = []
    for person in academy.target(question):
        hours = _hours(academy, question, person)
        is_pns, is_pppk = person.kind == "pns", person.kind == "pppk"
        listed = {
            State.TARGET: True,
            State.HOURS_DUTY: is_pns,
            State.HOURS_SHORT: is_pns and hours < 20,
            State.HOURS_MET: is_pns and hours >= 20,
            State.HOURS_ABOVE: is_pppk and hours > 24,
        }
        if listed[question.filters.state or State.TARGET]:
            duty, lacking = (20, max(20 - hours, 0)) if is_pns else (None, 0)
            ceiling = 24 if is_pppk else None
            lines.append((*academy.about(person), KINDS[person.kind], hours, duty, lacking, ceiling))
    return lines


def _hours(academy: Academy, question: Question, person: Person) -> int:
    courses = {one.course for one in academy.taken}
    return sum(academy.hours(person.pk, course, question.filters.year) or 0 for course in courses)
