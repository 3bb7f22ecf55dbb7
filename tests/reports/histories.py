"""Histories of an academy, written by the real actions, and every report counted again from bare rows in plain Python.

Nothing here reads a column that repeats another: the recount goes by runs, completions, certificates and where people
work. It is slow and says so little that it can be checked by reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from academy.people import units
from academy.people.models import Organiser, Person, WorkUnit
from academy.people.placements import place
from academy.people.refusals import Refused
from academy.reports.filters import Filters, State
from academy.reports.registry import Question
from certificates import issuing, reissuing, revocation
from certificates.models import Certificate, CertificateFile, Revocation
from courses.certification import certified
from courses.enrolment import Withdrawn, withdraw
from courses.models import Completion, Course, Edition, Enrolment, Run
from courses.progress import complete_lesson
from tests.factories import (
    AgencyFactory,
    CourseFactory,
    OrganiserFactory,
    PersonFactory,
    RunFactory,
    make_edition,
    make_enrolment,
    make_hr,
)

AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ZONE = ZoneInfo("Asia/Makassar")
# On both sides of the end of a year, also by the hours that lie between UTC and Asia/Makassar.
MOMENTS = (
    datetime(2025, 3, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 15, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 16, tzinfo=UTC),
    datetime(2026, 1, 10, tzinfo=UTC),
    AT,
)


# What happens


@dataclass
class Stage:
    """Two agencies with a small tree each, eight people, two courses of two editions and three runs each."""

    hr: Person
    organiser: Organiser
    places: list[WorkUnit]
    people: list[Person]
    editions: list[list[Edition]]
    runs: list[list[Run]]


def make_stage() -> Stage:
    roots = [units.ensure_root(AgencyFactory(name=f"Pemkab {name}")) for name in ("Kupang", "Alor")]
    places = []
    for root in roots:
        health = units.ensure_unit(root, "Dinas Kesehatan")
        places += [root, health, units.ensure_unit(health, "Puskesmas"), units.ensure_unit(root, "Dinas Kominfo")]
    organiser = OrganiserFactory(unit=roots[1])
    editions: list[list[Edition]] = []
    runs: list[list[Run]] = []
    for number in (1, 2):
        course = CourseFactory(title=f"Pelatihan {number}", organiser=organiser, credit_hours=number)
        first = make_edition(course, lessons=1, questions=0)
        editions.append([first, make_edition(course, lessons=1, questions=0, major=2, credit_hours=number + 2)])
        runs.append([RunFactory(course=course, year=year, number=nth, opens_on=date(2025, 1, 1))
                     for year, nth in ((2026, None), (2026, 2), (2025, None))])  # fmt: skip
    people: list[Person] = [PersonFactory(unit=places[number % len(places)]) for number in range(8)]
    return Stage(make_hr(roots[0]), organiser, places, people, editions, runs)


def join(stage: Stage, who: int, what: int) -> None:
    """A run of a course, in one of its editions; who is in it already stays."""
    course, run, moment = what % 2, what % 3, what % len(MOMENTS)
    person = stage.people[who]
    person.refresh_from_db()
    if not Enrolment.objects.filter(person=person, run=stage.runs[course][run]).exists():
        make_enrolment(
            person,
            edition=stage.editions[course][what // 3 % 2],
            run=stage.runs[course][run],
            enrolled_at=MOMENTS[moment],
        )


def _own(stage: Stage, who: int, what: int) -> Enrolment | None:
    own = list(Enrolment.objects.filter(person=stage.people[who]).order_by("pk"))
    return own[what % len(own)] if own else None


def begin(stage: Stage, who: int, what: int) -> None:
    if (enrolment := _own(stage, who, what)) is not None:
        Enrolment.objects.filter(pk=enrolment.pk, started_at=None).update(started_at=enrolment.enrolled_at)


def finish(stage: Stage, who: int, what: int) -> None:
    """Read the only lesson, at a moment that is not before the beginning."""
    if (enrolment := _own(stage, who, what)) is not None:
        at = max(MOMENTS[what % len(MOMENTS)], enrolment.enrolled_at)
        complete_lesson(enrolment, enrolment.edition.activities.get(), at=at)


def leave(stage: Stage, who: int, what: int) -> None:
    if (enrolment := _own(stage, who, what)) is not None:
        withdraw(enrolment, at=AT)


def _certificate(stage: Stage, who: int, what: int) -> Certificate | None:
    own = list(Certificate.objects.filter(completion__person=stage.people[who]).order_by("pk"))
    return own[what % len(own)] if own else None


def certify(stage: Stage, who: int, what: int) -> None:
    for completion in Completion.objects.filter(person=stage.people[who]):
        issuing.issue(completion, at=AT)
    if what % 3:
        publish(stage, who, what)


def publish(stage: Stage, who: int, what: int) -> None:
    """As `issuing.publish` does, without drawing."""
    for row in issuing.unpublished().filter(completion__person=stage.people[who]):
        file = CertificateFile.objects.create(sha256=f"{row.pk:064d}", size=1, key=f"{row.pk}.pdf")
        Certificate.objects.filter(pk=row.pk).update(file=file, published_at=AT)
        certified([row.completion_id], at=AT)


def revoke(stage: Stage, who: int, what: int) -> None:
    """Every second time with the credit."""
    if (row := _certificate(stage, who, what)) is not None:
        revocation.revoke(
            [row], organiser=stage.organiser, reason=Revocation.Reason.WRONG_DATA, annuls_credit=what % 2 == 0,
            note="", by=stage.hr, at=AT,
        )  # fmt: skip


def reissue(stage: Stage, who: int, what: int) -> None:
    if (row := _certificate(stage, who, what)) is not None:
        reissuing.reissue(row, correction="Nama", by=stage.hr, at=AT)
        if what % 2:
            publish(stage, who, what)


def move(stage: Stage, who: int, what: int) -> None:
    """Within the agency, to another one, or out of service."""
    places = [None, *WorkUnit.objects.filter(closed_on=None).order_by("pk")]
    place(stage.people[who], unit=places[what % len(places)], from_on=TODAY, today=TODAY)


def merge(stage: Stage, who: int, what: int) -> None:
    unit, into = (WorkUnit.objects.get(pk=stage.places[number % 8].pk) for number in (who, what))
    if unit != into:
        units.merge_unit(unit, into=into, by=stage.hr, at=AT)


def close(stage: Stage, who: int, what: int) -> None:
    units.close_unit(WorkUnit.objects.get(pk=stage.places[what % 8].pk), by=stage.hr, at=AT)


def rename(stage: Stage, who: int, what: int) -> None:
    units.rename_unit(WorkUnit.objects.get(pk=stage.places[what % 8].pk), name=f"Nama {what}", by=stage.hr, at=AT)


def switch_off(stage: Stage, who: int, what: int) -> None:
    Person.objects.filter(pk=stage.people[who].pk).update(is_active=what % 2 == 0)


Action = Callable[[Stage, int, int], None]
ACTIONS: tuple[Action, ...] = (
    *(join, join, begin, finish, finish, finish, leave, certify, certify, publish),
    *(revoke, revoke, reissue, move, move, merge, close, rename, switch_off),
)
REFUSALS = (Refused, Withdrawn, reissuing.CannotReissue, revocation.NothingToRevoke)


def happen(stage: Stage, steps: Iterable[tuple[Action, int, int]]) -> None:
    """Everybody begins with something and half of them with a certificate, so that no history is empty."""
    for who in range(len(stage.people)):
        for what in (who, who + 7):
            join(stage, who, what)
        if who % 2 == 0:
            finish(stage, who, who)
            certify(stage, who, 1)
    for action, who, what in steps:
        try:
            action(stage, who, what)
        except REFUSALS:
            continue


# What it comes to


@dataclass(frozen=True)
class Taken:
    """One enrolment as the rule of docs/rules.md sees it: 0 enrolled, 1 begun, 2 finished, 3 certified."""

    pk: int
    person: int
    course: int
    edition: str
    began: int
    reached: int
    score: Decimal | None
    hours: int | None
    completed_on: date | None
    number: str

    def counts_in(self, year: int) -> bool:
        return self.completed_on.year == year if self.completed_on else self.began <= year


@dataclass
class Academy:
    """All rows, once."""

    people: dict[int, Person] = field(default_factory=lambda: {row.pk: row for row in Person.objects.all()})
    units: dict[int, WorkUnit] = field(default_factory=lambda: {row.pk: row for row in WorkUnit.objects.all()})
    taken: list[Taken] = field(default_factory=lambda: [*_taken()])

    def pairs(self, year: int) -> dict[tuple[int, int], Taken]:
        """Of every person and course the furthest, of equals the newest."""
        pairs: dict[tuple[int, int], Taken] = {}
        for one in sorted(self.taken, key=lambda one: (one.reached, one.pk)):
            if one.counts_in(year):
                pairs[one.person, one.course] = one
        return pairs

    def hours(self, person: int, course: int, year: int) -> int | None:
        """The most hours of the course in the year; None if it was not finished then."""
        of_pair = [one for one in self.taken if (one.person, one.course) == (person, course)]
        finished = [one.hours or 0 for one in of_pair if one.completed_on and one.completed_on.year == year]
        return max(finished, default=None)

    def units_of(self, question: Question) -> set[int]:
        """Those asked for, of those the officer sees: below the roots of the scope."""
        chosen, direct = question.filters.unit, question.filters.direct
        tops = [chosen] if chosen else question.scope.roots
        return {
            pk
            for pk, unit in self.units.items()
            if any(unit.path == top.path or (unit.path.startswith(top.path) and not direct) for top in tops)
        }

    def target(self, question: Question) -> list[Person]:
        """Officials on the roster; with a search only those it finds."""
        asked, among = question.filters, self.units_of(question)
        words = asked.search.casefold().split()
        return [
            person
            for person in self.people.values()
            if person.unit_id in among
            and person.is_active is not asked.inactive
            and all(word in person.name.casefold() for word in words)
        ]


def _taken() -> Iterable[Taken]:
    for row in Enrolment.objects.filter(withdrawn_at=None).select_related("run", "edition"):
        completion = Completion.objects.filter(enrolment=row.pk).first()
        live = Certificate.objects.filter(
            completion__enrolment=row.pk, revoked_at=None, superseded_at=None, published_at__isnull=False
        ).first()
        annulled = Certificate.objects.filter(
            completion__enrolment=row.pk, revoked_at__isnull=False, annuls_credit=True
        ).exists()
        yield Taken(
            pk=row.pk,
            person=row.person_id,
            course=row.run.course_id,
            edition=f"{row.edition.major}.{row.edition.minor}",
            began=row.enrolled_at.astimezone(ZONE).year,
            reached=(3 if live else 2) if completion else int(row.started_at is not None),
            score=completion.score if completion else None,
            hours=(0 if annulled else completion.credit_hours) if completion else None,
            completed_on=completion.completed_on if completion else None,
            number=live.number if live else "",
        )


Value = str | int | Decimal | date | None
Values = tuple[Value, ...]
WORDS = ("Belum dimulai", "Sedang berjalan", "Selesai", "Selesai")


def _of_person(academy: Academy, person: Person) -> Values:
    unit = academy.units[person.unit_id or 0]
    department = next(one for one in academy.units.values() if one.path == unit.path[:8])
    name = f"{person.title_before} {person.name}{', ' if person.title_after else ''}{person.title_after}".strip()
    return (person.nip or "", name, unit.name, department.name, unit.agency.name)


def _is_in(state: State, reached: Sequence[int]) -> bool:
    """Whether somebody who got that far in these courses is of this list."""
    furthest = max(reached, default=-1)
    return {
        State.TARGET: True,
        State.ENROLLED: furthest >= 0,
        State.NOT_STARTED: furthest == 0,
        State.RUNNING: furthest == 1,
        State.FINISHED: furthest >= 2,
        State.CERTIFIED: furthest == 3,
        State.NOT_ENROLLED: furthest == -1,
    }[state]


def people(academy: Academy, question: Question) -> list[Values]:
    asked = question.filters
    lines: list[Values] = []
    for person in academy.target(question):
        pairs = academy.pairs(asked.year)
        courses = [asked.course] if asked.course else list(Course.objects.all())
        own = {course.pk: pairs[person.pk, course.pk] for course in courses if (person.pk, course.pk) in pairs}
        if not _is_in(asked.state or State.TARGET, [one.reached for one in own.values()]):
            continue
        edition = (own[asked.course.pk].edition if asked.course.pk in own else "",) if asked.course else ()
        lines.append(
            (
                *_of_person(academy, person),
                *edition,
                len(own),
                sum(one.reached >= 2 for one in own.values()),
                sum(academy.hours(person.pk, course.pk, asked.year) or 0 for course in courses),
            )
        )
    return lines


def participants(academy: Academy, question: Question) -> list[Values]:
    asked, pairs = question.filters, academy.pairs(question.filters.year)
    lines: list[Values] = []
    for person in academy.target(question):
        for course in [asked.course] if asked.course else question.courses:
            one = pairs.get((person.pk, course.pk))
            if not _is_in(asked.state or State.ENROLLED, [one.reached] if one else []):
                continue
            of_pair: Values = (
                (
                    one.edition,
                    WORDS[one.reached],
                    one.score.quantize(Decimal("0.01")) if one.score is not None else None,
                    academy.hours(person.pk, course.pk, asked.year) if one.reached >= 2 else None,
                    one.completed_on,
                    one.number,
                )
                if one
                else ("", "Belum terdaftar", None, None, None, "")
            )
            lines.append((*_of_person(academy, person), course.title, *of_pair))
    return lines


def _counted(name: str, target: int, reached: Sequence[int]) -> Values:
    finished = sum(far >= 2 for far in reached)
    return (
        *(name, target, len(reached)),
        *(reached.count(0), reached.count(1), finished, reached.count(3)),
        share(finished, target),
    )


def share(part: int, whole: int) -> Decimal | None:
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


def by_unit(academy: Academy, question: Question) -> list[Values]:
    """People, each in the furthest state: below each unit that is directly below the top, and at the top itself."""
    asked = question.filters
    top = academy.units[asked.unit.pk if asked.unit else question.scope.roots[0].pk]
    below = [unit for unit in academy.units.values() if unit.path[:-4] == top.path]
    target = academy.target(question)
    pairs = academy.pairs(asked.year)

    def line(name: str, among: list[Person]) -> Values:
        own = [
            [one.reached for one in pairs.values() if one.person == person.pk and _is_of(one, asked)]
            for person in among
        ]
        return _counted(name, len(among), [max(reached) for reached in own if reached])  # fmt: skip

    here = [person for person in target if person.unit_id == top.pk]
    if not below and not asked.direct:
        return [line(top.name, target)]
    lines = [line(f"{top.name} (langsung)", here)] if here else []
    if asked.direct:
        return lines
    for unit in below:
        among = [person for person in target if academy.units[person.unit_id or 0].path.startswith(unit.path)]
        if among or not unit.closed_on:
            lines.append(line(unit.name, among))
    return lines


def _is_of(one: Taken, asked: Filters) -> bool:
    return asked.course is None or one.course == asked.course.pk


def by_course(academy: Academy, question: Question) -> list[Values]:
    """Pairs of person and course; everybody of the target could take every course."""
    asked, target = question.filters, {person.pk for person in academy.target(question)}
    pairs = [one for one in academy.pairs(asked.year).values() if one.person in target]
    return [
        _counted(course.title, len(target), [one.reached for one in pairs if one.course == course.pk])
        for course in ([asked.course] if asked.course else question.courses)
    ]


# By the name of the report. A new report is counted again here, or its numbers are believed by nobody.
RECOUNTED: dict[str, Callable[[Academy, Question], list[Values]]] = {
    "unit": by_unit,
    "pelatihan": by_course,
    "pegawai": people,
    "peserta": participants,
}
