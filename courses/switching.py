"""Going on in the newest edition of a course: a learner's own choice after a material one came out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from courses import keeping_progress
from courses.attempts import submit_if_over
from courses.enrolment import Withdrawn
from courses.models import Attempt, Edition, Enrolment
from courses.outline import OutlineActivity, outline_of
from courses.progress import complete_course, done_activities


class CannotSwitch(Exception):
    """The learner goes on in the edition that was begun; the message says why."""


@dataclass(frozen=True)
class Switch:
    """What a learner would find: what is done already stays done, the rest of the newest edition is to do.

    `editions` are those published since the learner's own, newest first, with what changed in each.
    """

    to: Edition
    editions: tuple[Edition, ...]
    done: tuple[OutlineActivity, ...]
    to_do: tuple[OutlineActivity, ...]


def editions_to_switch_to(enrolments: Iterable[Enrolment]) -> dict[int, Edition]:
    """By enrolment, the newest edition for those who are learning in an older one; one query."""
    running = [one for one in enrolments if one.completed_at is None and one.withdrawn_at is None]
    # By the course of the edition that is followed: that of the run, which a caller need not have fetched.
    editions = Edition.objects.filter(course__editions__in={one.edition_id for one in running})
    pairs = editions.annotate(followed=F("course__editions")).order_by("major", "minor")
    newest = {edition.followed: edition for edition in pairs}  # type: ignore[attr-defined]  # annotated
    return {one.pk: newest[one.edition_id] for one in running if newest[one.edition_id].pk != one.edition_id}


def switch_link(enrolment: Enrolment, newest: Edition | None) -> dict[str, str] | None:
    """For pages: number of the edition that a learner may change to, and where; None if it is the learner's own."""
    if newest is None or newest.pk == enrolment.edition_id:
        return None
    return {"number": newest.number, "url": reverse("switch_edition", args=[enrolment.pk])}


def switch_for(enrolment: Enrolment, to: Edition) -> Switch:
    """What going on in `to` means for this learner; nothing is changed."""
    done = done_activities(enrolment)
    activities = outline_of(to).activities
    mine = enrolment.edition
    later = Q(major__gt=mine.major) | Q(major=mine.major, minor__gt=mine.minor)
    since = Edition.objects.filter(later, course=to.course_id)
    return Switch(
        to=to,
        editions=tuple(since.newest_first()),
        done=tuple(one for one in activities if one.activity in done),
        to_do=tuple(one for one in activities if one.activity not in done),
    )


@transaction.atomic
def switch_edition(enrolment: Enrolment, *, at: datetime) -> Edition:
    """Let the learner go on in the newest edition; activities done before stay done, and may already be all of it.

    A repeat changes nothing. Raises Withdrawn, or CannotSwitch while an attempt is open or after the course is finished.
    """
    row = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    if row.withdrawn_at is not None:
        raise Withdrawn(_("You have left this course."))
    newest = _newest(row)
    if row.edition_id != newest.pk:
        if row.completed_at is not None:
            raise CannotSwitch(_("You have finished this course: its result stands as it is."))
        still_open = Attempt.objects.filter(enrolment=row, submitted_at__isnull=True)
        if any(submit_if_over(attempt, at=at).submitted_at is None for attempt in still_open):
            raise CannotSwitch(_("An attempt at a quiz is still open. Send it first, then change the edition."))
        row.refresh_from_db(fields=["completed_at"])
        if row.completed_at is not None:
            raise CannotSwitch(_("You have finished this course: its result stands as it is."))
        row.edition = newest
        row.save(update_fields=["edition"])
        keeping_progress.recount(Enrolment.objects.filter(pk=row.pk))
        complete_course(row, at=at)
    enrolment.refresh_from_db()
    return newest


def _newest(enrolment: Enrolment) -> Edition:
    newest = Edition.objects.filter(course__runs=enrolment.run_id).newest_first().first()
    if newest is None:  # the learner follows one
        raise Edition.DoesNotExist
    return newest
