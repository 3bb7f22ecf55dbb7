"""Runs (angkatan): when a course is held, who may join, and how one is closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from academy.people.models import Person
from courses.models import ActivityProgress, Attempt, Course, EditionActivity, Enrolment, Run
from courses.models.edition import ActivityKind


class CannotClose(Exception):
    """The run stays open; the message says why."""


@dataclass(frozen=True)
class Closing:
    """What closing a run would write down: who passed already, who attended, who did neither."""

    passed: int
    attended: Sequence[Enrolment]
    unfinished: Sequence[Enrolment]


def open_run(course: Course, *, on: date) -> Run:
    """The self-paced run of the year of that day: one per course and calendar year, made when it is first needed."""
    run, _made = Run.objects.get_or_create(
        course=course,
        year=on.year,
        number=None,
        defaults={"opens_on": date(on.year, 1, 1), "closes_on": date(on.year, 12, 31)},
    )
    return run


def runs_to_join(courses: Iterable[Course], *, on: date) -> list[Run]:
    """The dated runs with a free seat that people may join on that day, the next one first, with the seats `taken`."""
    taken = Count("enrolments", filter=Q(enrolments__withdrawn_at__isnull=True))
    runs = Run.objects.taking_enrolments(on).filter(course__in=courses).annotate(taken=taken)
    return list(runs.filter(Q(seats__isnull=True) | Q(taken__lt=F("seats"))).order_by("opens_on", "pk"))


def next_number(course: Course, *, year: int) -> int:
    """The number of the next cohort in that year."""
    last: int | None = Run.objects.filter(course=course, year=year).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def seats_taken(run: Run) -> int:
    return Enrolment.objects.current().filter(run=run).count()


def closing_of(run: Run) -> Closing:
    """Who would pass, attend or neither if the run were closed now; nothing is changed."""
    current = Enrolment.objects.current().filter(run=run)
    running = current.filter(completed_at__isnull=True).select_related("person").order_by("person__name", "pk")
    attended = set(_every_lesson_done(running).values_list("pk", flat=True))
    return Closing(
        passed=current.filter(completed_at__isnull=False).count(),
        attended=[one for one in running if one.pk in attended],
        unfinished=[one for one in running if one.pk not in attended],
    )


@transaction.atomic
def close_run(run: Run, *, by: Person, at: datetime) -> int:
    """Close the run: open attempts are graded as they stand, who did every lesson has attended; how many attended.

    A repeat closes nothing more and returns 0. CannotClose before the last day is over. It cannot be taken back: what
    was attended is a fact with a certificate.
    """
    from courses.attempts import submit_attempt  # it reads the outline, which reads these models
    from courses.progress import record_attendance

    row = Run.objects.select_for_update().get(pk=run.pk)
    if row.closed_at is not None:
        return 0
    if last_day_is_to_come(row, at=at):
        raise CannotClose(
            _("This run lasts until %(day)s: it is closed after that day.") % {"day": date_format(row.closes_on)}
        )
    # A last lesson that is being stored is waited for; who comes later waits, and is told that the run is closed.
    list(Enrolment.objects.running().filter(run=row).select_for_update().order_by("pk").values_list("pk"))
    for attempt in Attempt.objects.filter(
        enrolment__run=row, enrolment__withdrawn_at__isnull=True, submitted_at__isnull=True
    ).order_by("pk"):
        submit_attempt(attempt, at=at)
    running = Enrolment.objects.running().filter(run=row).order_by("pk")
    attended = [record_attendance(enrolment, at=at) for enrolment in _every_lesson_done(running)]
    row.closed_at, row.closed_by = at, by
    row.save(update_fields=["closed_at", "closed_by"])
    run.refresh_from_db(fields=["closed_at", "closed_by"])
    return len(attended)


def last_day_is_to_come(run: Run, *, at: datetime) -> bool:
    """Whether the last day is still running at the organiser's."""
    organiser = Course.objects.select_related("organiser").get(pk=run.course_id).organiser
    return timezone.localdate(at, ZoneInfo(organiser.time_zone)) <= run.closes_on


def _every_lesson_done(enrolments: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """Those that did every lesson of their edition, and at least one."""
    lessons = EditionActivity.objects.filter(edition=OuterRef("edition"), kind=ActivityKind.LESSON)
    done = ActivityProgress.objects.filter(enrolment=OuterRef(OuterRef("pk")), activity=OuterRef("activity"))
    return enrolments.filter(Exists(lessons)).exclude(Exists(lessons.exclude(Exists(done))))
