"""How far a learner is: activities done, their order, and the fact that the course is finished."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Person
from courses import credit_hours, keeping_progress
from courses.enrolment import begin_work, check_run_is_open
from courses.models import ActivityProgress, Attempt, Completion, EditionActivity, Enrolment, Run
from courses.models.edition import ActivityKind
from courses.outline import Outline, OutlineActivity, outline_of
from courses.signals import course_completed
from courses.validity import last_day

# A course whose edition has no post-test is passed by doing everything in it.
SCORE_WITHOUT_POST_TEST = Decimal(100)


class ActivityLocked(Exception):
    """The activities go in order, and `first` comes before this one."""

    def __init__(self, first: OutlineActivity) -> None:
        super().__init__(
            _("Complete activity %(number)s %(title)s first.") % {"number": first.number, "title": first.title}
        )
        self.first = first


class NotInEdition(Exception):
    """The activity is not one of the edition that the learner follows, or not of the kind asked for."""


def done_activities(enrolment: Enrolment) -> set[UUID]:
    return set(ActivityProgress.objects.filter(enrolment=enrolment).values_list("activity", flat=True))


def next_activity(outline: Outline, done: Container[UUID]) -> OutlineActivity | None:
    """Where the learner stopped: the first activity not done yet. None when everything is done."""
    return next((one for one in outline.activities if one.activity not in done), None)


def activity_before(outline: Outline, activity: UUID, done: Container[UUID]) -> OutlineActivity | None:
    """What must be done before `activity` may be opened. None if it is open already."""
    if not outline.sequential or activity in done:
        return None
    first = next_activity(outline, done)
    return None if first is None or first.activity == activity else first


def check_open(outline: Outline, activity: UUID, done: Container[UUID]) -> None:
    """ActivityLocked if something else comes first, NotInEdition if there is no such activity."""
    if outline.find(activity) is None:
        raise NotInEdition(_("This activity is not part of the edition that you follow."))
    if (first := activity_before(outline, activity, done)) is not None:
        raise ActivityLocked(first)


@transaction.atomic
def complete_lesson(
    enrolment: Enrolment, activity: EditionActivity | OutlineActivity, *, at: datetime
) -> ActivityProgress:
    """Record that the learner read a lesson to its end; a repeat returns the first record.

    Raises ActivityLocked, NotInEdition, RunNotOpen or Withdrawn and then changes nothing. The last activity finishes the course.
    """
    if activity.kind != ActivityKind.LESSON:
        raise NotInEdition(_("Only a lesson is completed by reading it."))
    begin_work(enrolment, at=at)
    rows = {row.activity: row for row in ActivityProgress.objects.filter(enrolment=enrolment)}
    outline = outline_of(enrolment.edition_id)
    check_open(outline, activity.activity, rows)
    if (known := rows.get(activity.activity)) is not None:
        return known
    done = {*rows, activity.activity}
    if all(one.is_quiz or one.activity in done for one in outline.activities):
        # PostgreSQL looked at the run before it waited for the lock: what it waited for may have closed the run, and
        # nobody would write down any more that the last lesson was done.
        check_run_is_open(Run.objects.get(enrolments=enrolment), today=timezone.localdate(at))
    progress = ActivityProgress.objects.create(enrolment=enrolment, activity=activity.activity, done_at=at)
    keeping_progress.keep(enrolment, outline, done, at=at)
    if next_activity(outline, done) is None:
        complete_course(enrolment, at=at)
    return progress


def complete_quiz(enrolment: Enrolment, activity: UUID, *, at: datetime) -> None:
    """Record that an attempt reached the pass mark. The caller holds the enrolment's lock (`begin_work`)."""
    before, outline = done_activities(enrolment), outline_of(enrolment.edition_id)
    if activity not in before:
        ActivityProgress.objects.create(enrolment=enrolment, activity=activity, done_at=at)
    done = {*before, activity}
    keeping_progress.keep(enrolment, outline, done, at=at)
    if next_activity(outline, done) is None:
        complete_course(enrolment, at=at)


@transaction.atomic(savepoint=False)
def complete_course(enrolment: Enrolment, *, at: datetime) -> Completion | None:
    """Record the completion if the rule is met: every activity of the edition done. None if something is missing.

    A repeat returns the first record unchanged. Unit and agency are those of the person at this moment; the day
    counts in the agency's time zone.
    """
    row = _locked(enrolment)
    known = Completion.objects.filter(enrolment=row).first()
    if known is not None:
        return known
    outline = outline_of(row.edition_id)
    if row.withdrawn_at is not None or next_activity(outline, done_activities(row)) is not None:
        return None
    completion = _record(row, Completion.Outcome.PASSED, outline, at=at)
    enrolment.refresh_from_db(fields=["completed_at", "score", "credit_hours"])
    return completion


@transaction.atomic(savepoint=False)
def record_attendance(enrolment: Enrolment, *, at: datetime) -> Completion:
    """The run is closed, every lesson was done, the course not passed: attended. A repeat returns the first record."""
    row = _locked(enrolment)
    known: Completion | None = Completion.objects.filter(enrolment=row).first()
    return known or _record(row, Completion.Outcome.ATTENDED, outline_of(row.edition_id), at=at)


def _locked(enrolment: Enrolment) -> Enrolment:
    """The row with what a completion needs. None of what is joined can change or be missing."""
    return (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("run__course__organiser", "edition")
        .get(pk=enrolment.pk)
    )


def _record(row: Enrolment, outcome: Completion.Outcome, outline: Outline, *, at: datetime) -> Completion:
    person = Person.objects.select_related("unit__agency").get(pk=row.person_id)
    agency = person.unit.agency if person.unit else None
    zone = ZoneInfo(agency.time_zone if agency else row.run.course.organiser.time_zone)
    score = course_score(row, outline)
    completed_on = timezone.localdate(at, zone)
    months = row.edition.validity_months if outcome == Completion.Outcome.PASSED else None
    completion = Completion.objects.create(
        enrolment=row,
        outcome=outcome,
        person=person,
        course=row.run.course,
        edition=row.edition,
        unit=person.unit,
        agency=agency,
        score=score,
        credit_hours=row.edition.credit_hours,
        completed_at=at,
        completed_on=completed_on,
        valid_until=last_day(completed_on, months=months) if months else None,
    )
    mirror(row, completion)
    credit_hours.count(completion)
    course_completed.send(sender=Completion, completion=completion)
    return completion


def mirror(row: Enrolment, completion: Completion) -> None:
    """Let the enrolment repeat what its completion says, for reports that read enrolments alone."""
    row.completed_at, row.completed_on = completion.completed_at, completion.completed_on
    row.score, row.credit_hours, row.counted_hours = completion.score, completion.credit_hours, completion.credit_hours
    row.earned_unit = completion.unit
    row.save(update_fields=["completed_at", "completed_on", "score", "credit_hours", "counted_hours", "earned_unit"])


def course_score(enrolment: Enrolment, outline: Outline) -> Decimal:
    """The best graded post-test, from 0 to 100."""
    post_tests = [one.activity for one in outline.activities if one.is_post_test]
    if not post_tests:
        return SCORE_WITHOUT_POST_TEST
    best: Decimal | None = Attempt.objects.filter(
        enrolment=enrolment, activity__in=post_tests, submitted_at__isnull=False
    ).aggregate(best=Max("score"))["best"]
    return best if best is not None else Decimal(0)
