"""The lists of people, of people with each course, and of both crosswise."""

from __future__ import annotations

from collections.abc import Sequence

from academy.people.models import Person
from academy.reports.filters import State
from academy.reports.registry import Question
from tests.reports.recounts.academy import Academy, Taken, Values, courses_of, is_in

WORDS = ("Belum dimulai", "Sedang berjalan", "Selesai", "Selesai")
CROSSWISE = ("Belum dimulai", "Sedang berjalan", "Selesai", "Bersertifikat")


def _is_in(state: State, reached: Sequence[int], *, late: bool) -> bool:
    """Whether somebody who got that far in these courses is of this list."""
    furthest = max(reached, default=-1)
    return {
        State.TARGET: True,
        State.ENROLLED: furthest >= 0,
        State.NOT_STARTED: furthest == 0,
        State.RUNNING: furthest == 1,
        State.FINISHED: furthest >= 2,
        State.CERTIFIED: furthest == 3,
        State.OVERDUE: late,
        State.NOT_ENROLLED: furthest == -1,
    }[state]


def _listed(academy: Academy, question: Question) -> list[tuple[Person, dict[int, Taken]]]:
    """The people of the list with their furthest in each course."""
    pairs, counting, listed = academy.pairs(question), academy.counting(question), []
    for person in academy.target(question):
        own = {course: one for (whose, course), one in pairs.items() if whose == person.pk}
        late = any(one.is_overdue(academy.today) for one in counting if one.person == person.pk)
        if _is_in(question.filters.state or State.TARGET, [one.reached for one in own.values()], late=late):
            listed.append((person, own))
    return listed


def _who_earned(academy: Academy, question: Question) -> list[tuple[Person, list[Taken]]]:
    """Who earned something in the units asked for, with all of it."""
    earned = academy.earned(question)
    whose = {one.person for one in earned}
    return [
        (person, [one for one in earned if one.person == person.pk])
        for person in academy.people.values()
        if person.pk in whose and academy.is_told(person, question)
    ]


def earned_figures(academy: Academy, earned: Sequence[Taken]) -> tuple[int, int, int]:
    """Completions, those certified, credit hours."""
    return len(earned), sum(one.reached == 3 for one in earned), sum(academy.counted(one) for one in earned)


def people(academy: Academy, question: Question) -> list[Values]:
    if question.filters.by_earned_unit:
        return people_who_earned(academy, question)
    asked = question.filters
    lines: list[Values] = []
    for person, own in _listed(academy, question):
        edition = (own[asked.course.pk].edition if asked.course.pk in own else "",) if asked.course else ()
        lines.append(
            (
                *academy.about(person),
                *edition,
                len(own),
                sum(one.reached >= 2 for one in own.values()),
                sum(academy.hours(person.pk, course.pk, asked.year) or 0 for course in courses_of(question)),
            )
        )
    return lines


def people_who_earned(academy: Academy, question: Question) -> list[Values]:
    return [
        (*academy.about_if_named(person, question), *earned_figures(academy, earned))
        for person, earned in _who_earned(academy, question)
    ]


def participants(academy: Academy, question: Question) -> list[Values]:
    if question.filters.by_earned_unit:
        return _completions(academy, question)
    asked, pairs, counting = question.filters, academy.pairs(question), academy.counting(question)
    lines: list[Values] = []
    for person in academy.target(question):
        for course in courses_of(question):
            one = pairs.get((person.pk, course.pk))
            of_pair = [each for each in counting if (each.person, each.course) == (person.pk, course.pk)]
            late = any(each.is_overdue(academy.today) for each in of_pair)
            if not _is_in(asked.state or State.ENROLLED, [one.reached] if one else [], late=late):
                continue
            shown: Values = (
                (
                    one.edition,
                    WORDS[one.reached],
                    one.percent,
                    one.active_on,
                    one.score,
                    academy.hours(person.pk, course.pk, asked.year) if one.reached >= 2 else None,
                    one.completed_on,
                    one.number,
                )
                if one
                else ("", "Belum terdaftar", None, None, None, None, None, "")
            )
            lines.append((*academy.about(person), course.title, *shown))
    return lines


def events(academy: Academy, question: Question) -> list[Values]:
    """What staff of today began or finished in the month, however often; or what was finished in the units."""
    asked = question.filters
    if asked.by_earned_unit:
        return _completions(academy, question)
    titles = {course.pk: course.title for course in question.courses}
    target = {person.pk: person for person in academy.target(question)}
    lines: list[Values] = []
    for one in academy.taken:
        on = one.enrolled_on if asked.state == State.NEW else one.completed_on
        is_meant = one.person in target and (not asked.course or one.course == asked.course.pk)
        if not is_meant or not is_in(on, question) or (asked.state == State.CERTIFIED and one.reached != 3):
            continue
        lines.append(
            (
                *academy.about(target[one.person]),
                one.enrolled_on,
                titles[one.course],
                one.edition,
                WORDS[one.reached],
                one.score,
                academy.counted(one) if one.completed_on else None,
                one.completed_on,
                one.number,
            )
        )
    return lines


def _completions(academy: Academy, question: Question) -> list[Values]:
    titles = {course.pk: course.title for course in question.courses}
    lines: list[Values] = []
    for person, earned in _who_earned(academy, question):
        named = academy.is_named(person, question)
        for one in earned:
            lines.append(
                (
                    *academy.about_if_named(person, question),
                    academy.units[one.earned_unit or 0].name,
                    titles[one.course],
                    one.edition,
                    "Selesai",
                    one.score if named else None,
                    academy.counted(one),
                    one.completed_on,
                    one.number if named else "",
                )
            )
    return lines


def crosswise(academy: Academy, question: Question) -> list[Values]:
    """The furthest of every person with every course, and how many courses the person finished."""
    if question.filters.by_earned_unit:
        who = [
            (academy.about_if_named(person, question), {one.course: max(_far(earned, one)) for one in earned})
            for person, earned in _who_earned(academy, question)
        ]
    else:
        listed = _listed(academy, question)
        who = [(academy.about(person), {key: one.reached for key, one in own.items()}) for person, own in listed]
    courses = [course.pk for course in courses_of(question)]
    return [
        (
            *about,
            *(CROSSWISE[reached[course]] if course in reached else "Belum terdaftar" for course in courses),
            sum(far >= 2 for far in reached.values()),
        )
        for about, reached in who
    ]


def _far(earned: Sequence[Taken], like: Taken) -> list[int]:
    return [one.reached for one in earned if one.course == like.course]
