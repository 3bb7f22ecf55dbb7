"""Histories of an academy, written by the real actions: what `recounts` then counts again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from academy.people import units
from academy.people.models import Organiser, Person, WorkUnit
from academy.people.placements import place
from academy.people.refusals import Refused
from certificates import issuing, reissuing, revocation
from certificates.models import Certificate, CertificateFile, Revocation
from courses import assigning
from courses.certification import certified
from courses.enrolment import Withdrawn, withdraw
from courses.models import Completion, Edition, Enrolment, Run
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
# On both sides of the end of a year, also by the hours that lie between UTC and Asia/Makassar. Ten months after the
# fourth it is today: what was finished then holds for the last day.
MOMENTS = (
    datetime(2025, 3, 1, tzinfo=UTC),
    datetime(2025, 12, 31, 15, 30, tzinfo=UTC),
    datetime(2025, 12, 31, 16, tzinfo=UTC),
    datetime(2026, 1, 24, tzinfo=UTC),
    AT,
)
VALID_FOR_MONTHS = 10
# Credit hours of the two editions of each course: alone or together they meet the duty of 20 and the ceiling of 24
# exactly, and go beyond both.
HOURS = ((1, 20), (4, 24))
DUE_DAYS = (date(2025, 12, 31), TODAY - timedelta(days=1), TODAY, date(2027, 1, 1))
KINDS = (Person.Kind.PNS, Person.Kind.PPPK, Person.Kind.OTHER)


# What happens


@dataclass
class Stage:
    """Two agencies with a small tree each, eight people, two courses of two editions and three runs each.

    What is finished in a second edition ends after ten months.
    """

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
    for number, (hours, more_hours) in enumerate(HOURS, start=1):
        course = CourseFactory(title=f"Pelatihan {number}", organiser=organiser, credit_hours=hours)
        first = make_edition(course, lessons=1, questions=0)
        second = make_edition(
            course, lessons=1, questions=0, major=2, credit_hours=more_hours, validity_months=VALID_FOR_MONTHS
        )
        editions.append([first, second])
        runs.append([RunFactory(course=course, year=year, number=nth, opens_on=date(2025, 1, 1))
                     for year, nth in ((2026, None), (2026, 2), (2025, None))])  # fmt: skip
    people: list[Person] = [
        PersonFactory(unit=places[number % len(places)], kind=KINDS[number % len(KINDS)]) for number in range(8)
    ]
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


def assign(stage: Stage, who: int, what: int) -> None:
    """By the officer, then or now, to one person or to a unit; who is not in the course comes into it."""
    at = (MOMENTS[0], AT)[what % 2]
    to_unit = what % 3 == 0
    asked = assigning.propose(
        stage.editions[who % 2][0].course,
        due_on=DUE_DAYS[what // 2 % len(DUE_DAYS)],
        unit=WorkUnit.objects.get(pk=stage.places[who % 4].pk) if to_unit else None,
        nips=[] if to_unit else [stage.people[who].nip or ""],
        by=stage.hr,
        at=at,
    )
    assigning.confirm(asked, by=stage.hr, at=at)
    assigning.carry_on(asked.pk, clock=lambda: at)


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
    *(join, join, assign, assign, begin, finish, finish, finish, leave, certify, certify, publish),
    *(revoke, revoke, reissue, move, move, merge, close, rename, switch_off),
)
REFUSALS = (Refused, Withdrawn, assigning.CannotAssign, reissuing.CannotReissue, revocation.NothingToRevoke)


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
