"""Joining a course and leaving it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from academy.people.models import Person
from courses import keeping_progress
from courses.models import Completion, Course, Edition, Enrolment, Run
from courses.runs import open_run, seats_taken


class NotOpen(Exception):
    """The course cannot be taken now; the message says why."""


class PrerequisitesMissing(NotOpen):
    """Other courses come first."""

    def __init__(self, courses: Sequence[Course]) -> None:
        titles = ", ".join(f"“{course.title}”" for course in courses)
        super().__init__(_("Finish %(courses)s first.") % {"courses": titles})
        self.courses = courses


class Withdrawn(Exception):
    """The learner left the course; rejoining comes first."""


class RunNotOpen(Exception):
    """The run has not begun, or is closed."""


@transaction.atomic
def enrol(person: Person, course: Course, *, at: datetime, run: Run | None = None, invited: bool = False) -> Enrolment:
    """Put `person` into the run, without one into the self-paced run of the year, on the newest edition.

    A repeat returns what there is: an enrolment still running, even one begun last year, or the one whose completion
    counts for this year already. A retake is a later run: who passed in this very run gets that enrolment. Rejoining clears the withdrawal and takes the newest edition; what was done stays.
    Raises NotOpen if there is no edition, the run takes nobody any more, or prerequisites are missing; who is `invited`
    by the organiser needs no prerequisites and may join a run that is not open to everybody.
    """
    # The lock keeps the mirrors right while the person is being placed elsewhere, and makes a double click wait.
    # The unit is fetched afterwards: a row that was waited for comes without what was joined to it before.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    known = enrolment_that_counts(person, course, at=at)
    if known is not None:
        return known
    edition = edition_to_begin(course)
    if not invited and (missing := missing_prerequisites(person, course)):
        raise PrerequisitesMissing(missing)
    if run is None and not course.self_paced and not invited:
        raise NotOpen(_("People take this course in a run (angkatan): choose one on its page."))
    if run is not None:
        run = Run.objects.select_for_update().get(pk=run.pk)
        check_room(run, on=day_of(course, at), invited=invited)
    enrolment, made = Enrolment.objects.get_or_create(
        person=person,
        run=run or open_run(course, on=day_of(course, at)),
        defaults={
            "course": course,
            "edition": edition,
            "unit": person.unit,
            "agency": person.unit.agency if person.unit else None,
            "enrolled_at": at,
        },
    )
    if not made and enrolment.withdrawn_at is not None:
        enrolment.edition, enrolment.withdrawn_at = edition, None
        enrolment.save(update_fields=["edition", "withdrawn_at"])
        keeping_progress.recount(Enrolment.objects.filter(pk=enrolment.pk))
    return enrolment


def edition_to_begin(course: Course) -> Edition:
    """The newest edition, for whoever joins now. NotOpen without one, or if the course is archived, be it just now."""
    edition = Edition.objects.filter(course=course).select_related("course").newest_first().first()
    if edition is None:
        raise NotOpen(_("This course is not open yet."))
    if edition.course.archived_at is not None:
        raise NotOpen(
            _("“%(course)s” is archived: nobody can join it any more, and who left it cannot come back.")
            % {"course": edition.course.title}
        )
    return edition


def check_room(run: Run, *, on: date, invited: bool, people: int = 1) -> None:
    """NotOpen if the run does not take so many any more; of two who want the last seat one gets it if they lock it."""
    if run.closed_at is not None or on > run.closes_on:
        raise NotOpen(_("%(run)s is closed.") % {"run": run.name})
    if not invited and not Run.objects.taking_enrolments(on).filter(pk=run.pk).exists():
        raise NotOpen(_("%(run)s takes no more participants by themselves.") % {"run": run.name})
    if run.seats is None or (free := max(run.seats - seats_taken(run), 0)) >= people:
        return
    if not free:
        raise NotOpen(_("All %(seats)d seats of %(run)s are taken.") % {"seats": run.seats, "run": run.name})
    raise NotOpen(
        _("%(run)s has %(free)d of %(seats)d seats left, and %(people)d people would need one.")
        % {"run": run.name, "free": free, "seats": run.seats, "people": people}
    )


def missing_prerequisites(person: Person, course: Course) -> list[Course]:
    """The courses that come before this one and that the person never passed; an archived one binds nobody any more."""
    passed = Completion.objects.filter(person=person, outcome=Completion.Outcome.PASSED).values("course")
    return list(course.prerequisites.filter(archived_at__isnull=True).exclude(pk__in=passed))


def withdraw(enrolment: Enrolment, *, at: datetime) -> bool:
    """Leave the course; the row and everything done in it stay. False if it is finished: then it cannot be left."""
    Enrolment.objects.running().filter(pk=enrolment.pk).update(withdrawn_at=at)
    enrolment.refresh_from_db(fields=["withdrawn_at", "completed_at"])
    return enrolment.withdrawn_at is not None


def begin_work(enrolment: Enrolment, *, at: datetime) -> None:
    """Lock the enrolment until the transaction ends, and note when work in it began. Withdrawn if the learner left.

    Whatever could finish a course starts here, so two last activities done at the same moment see each other, and the
    edition is the one that the learner follows now. RunNotOpen before the run begins and after it is closed.
    """
    open_runs = Run.objects.filter(pk=OuterRef("run"), closed_at__isnull=True, opens_on__lte=timezone.localdate(at))
    ours = Enrolment.objects.current().filter(Exists(open_runs), pk=enrolment.pk, edition=enrolment.edition_id)
    if ours.update(started_at=Coalesce(F("started_at"), at)):
        return
    row = Enrolment.objects.select_related("run").get(pk=enrolment.pk)
    if row.withdrawn_at is not None:
        raise Withdrawn(_("You have left this course."))
    check_run_is_open(row.run, today=timezone.localdate(at))
    enrolment.edition_id = row.edition_id  # it was changed in another window meanwhile
    begin_work(enrolment, at=at)


def check_run_is_open(run: Run, *, today: date) -> None:
    """RunNotOpen before the first day and after the run was closed."""
    if run.closed_at is not None:
        raise RunNotOpen(_("This run is closed. What you did is kept; you can read everything again."))
    check_run_has_begun(run, today=today)


def check_run_has_begun(run: Run, *, today: date) -> None:
    if today < run.opens_on:
        raise RunNotOpen(_("This run begins on %(day)s.") % {"day": date_format(run.opens_on)})


def enrolment_that_counts(person: Person, course: Course, *, at: datetime) -> Enrolment | None:
    """The enrolment that makes another one needless: still running, or completed in the year of `at`.

    The year of a completion is that of `completed_on`, whatever its run; without such an enrolment the course may be
    taken (again), and so it may be shortly before the certificate ends.
    """
    running = Enrolment.objects.running().filter(person=person, run__course=course)
    if (enrolment := running.select_related("run").order_by("-enrolled_at").first()) is not None:
        return enrolment
    finished = Completion.objects.sufficing(day_of(course, at)).filter(person=person, course=course)
    completion = finished.select_related("enrolment").order_by("-completed_at").first()
    return completion.enrolment if completion else None


def day_of(course: Course, at: datetime) -> date:
    """The day at the organiser's: which run, which year."""
    return timezone.localdate(at, ZoneInfo(course.organiser.time_zone))
