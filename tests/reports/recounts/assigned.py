"""What was assigned to be finished in a year, by the assigned day."""

from __future__ import annotations

from academy.people.models import Person
from academy.reports.filters import State
from academy.reports.registry import Question
from tests.reports.recounts.academy import Academy, Taken, Values, share


def _assigned(academy: Academy, question: Question) -> list[tuple[Person, Taken]]:
    asked = question.filters
    return [
        (person, one)
        for person in academy.target(question)
        for one in academy.taken
        if one.person == person.pk
        and one.due_on
        and one.due_on.year == asked.year
        and (asked.course is None or one.course == asked.course.pk)
    ]


def _was_in_time(one: Taken) -> bool:
    return bool(one.completed_on and one.due_on and one.completed_on <= one.due_on)


def by_unit(academy: Academy, question: Question) -> list[Values]:
    lines: list[Values] = []
    for row in academy.rows(question):
        inside = [one for person, one in _assigned(academy, question) if person.unit_id in row.units]
        finished = sum(one.reached >= 2 for one in inside)
        figures = (
            *(len(inside), sum(one.reached == 0 for one in inside), sum(one.reached == 1 for one in inside)),
            *(finished, sum(map(_was_in_time, inside)), sum(one.is_overdue(academy.today) for one in inside)),
        )
        if inside or row.always:
            lines.append((row.name, *figures, share(finished, len(inside))))
    return lines


def by_person(academy: Academy, question: Question) -> list[Values]:
    titles = {course.pk: course.title for course in question.courses}
    lines: list[Values] = []
    for person, one in _assigned(academy, question):
        late = one.is_overdue(academy.today)
        listed = {
            State.ASSIGNED: True,
            State.OVERDUE: late,
            State.NOT_STARTED: one.reached == 0,
            State.RUNNING: one.reached == 1,
            State.FINISHED: one.reached >= 2,
            State.IN_TIME: _was_in_time(one),
        }
        if listed[question.filters.state or State.ASSIGNED]:
            how_far = ("Belum dimulai", "Sedang berjalan")
            word = "Terlambat" if late else how_far[one.reached] if one.reached < 2 else "Selesai terlambat"
            word = "Selesai tepat waktu" if _was_in_time(one) else word
            lines.append((*academy.about(person), titles[one.course], one.due_on, word, one.completed_on))
    return lines
