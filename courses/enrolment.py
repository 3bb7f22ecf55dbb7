"""Joining a course and leaving it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Person
from courses.models import Completion, Course, Edition, Enrolment
from courses.runs import open_run


class NotOpen(Exception):
    """The course has no edition yet."""


class Withdrawn(Exception):
    """The learner left the course; rejoining comes first."""


@transaction.atomic
def enrol(person: Person, course: Course, *, at: datetime) -> Enrolment:
    """Put `person` into the self-paced run of the year, on the newest edition. NotOpen if there is none.

    A repeat returns what there is: an enrolment still running, even one begun last year, or the one whose completion
    counts for this year already. Rejoining clears the withdrawal and takes the newest edition; what was done stays.
    """
    # The lock keeps the mirrors right while the person is being placed elsewhere, and makes a double click wait.
    # The unit is fetched afterwards: a row that was waited for comes without what was joined to it before.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = enrolment_that_counts(person, course, at=at)
    if known is not None:
        return known
    edition = Edition.objects.filter(course=course).newest_first().first()
    if edition is None:
        raise NotOpen(_("This course is not open yet."))
    enrolment, made = Enrolment.objects.get_or_create(
        person=person,
        run=open_run(course, on=day_of(course, at)),
        defaults={
            "edition": edition,
            "unit": person.unit,
            "agency": person.unit.agency if person.unit else None,
            "enrolled_at": at,
        },
    )
    if not made and enrolment.withdrawn_at is not None:
        enrolment.edition, enrolment.withdrawn_at = edition, None
        enrolment.save(update_fields=["edition", "withdrawn_at"])
    return enrolment


def withdraw(enrolment: Enrolment, *, at: datetime) -> bool:
    """Leave the course; the row and everything done in it stay. False if it is finished: then it cannot be left."""
    Enrolment.objects.running().filter(pk=enrolment.pk).update(withdrawn_at=at)
    enrolment.refresh_from_db(fields=["withdrawn_at", "completed_at"])
    return enrolment.withdrawn_at is not None


def begin_work(enrolment: Enrolment, *, at: datetime) -> None:
    """Lock the enrolment until the transaction ends, and note when work in it began. Withdrawn if the learner left.

    Whatever could finish a course starts here, so two last activities done at the same moment see each other, and the
    edition is the one that the learner follows now.
    """
    locked = Enrolment.objects.current().filter(pk=enrolment.pk).update(started_at=Coalesce(F("started_at"), at))
    if not locked:
        raise Withdrawn(_("You have left this course."))
    enrolment.refresh_from_db(fields=["edition"])


def enrolment_that_counts(person: Person, course: Course, *, at: datetime) -> Enrolment | None:
    """The enrolment that makes another one needless: still running, or completed in the year of `at`.

    The year of a completion is that of `completed_on`, whatever its run; without such an enrolment the course may be
    taken (again).
    """
    running = Enrolment.objects.running().filter(person=person, run__course=course)
    if (enrolment := running.select_related("run").order_by("-enrolled_at").first()) is not None:
        return enrolment
    finished = Completion.objects.filter(person=person, course=course, completed_on__year=day_of(course, at).year)
    completion = finished.select_related("enrolment").order_by("-completed_at").first()
    return completion.enrolment if completion else None


def day_of(course: Course, at: datetime) -> date:
    """The day at the organiser's: which run, which year."""
    return timezone.localdate(at, ZoneInfo(course.organiser.time_zone))
