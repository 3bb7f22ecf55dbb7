"""Earning a certificate anew: the old one stays and ends, the new one has a number and an end of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from certificates import ends
from certificates.models import Certificate
from courses.models import Completion, CoursePage


def renewable(certificates: Sequence[Certificate], *, at: datetime) -> list[Certificate]:
    """Of all certificates of one person, with their completions: those that end soon or ended, and were not renewed."""
    live = [one for one in certificates if not one.revoked_at and not one.superseded_at]
    ending = [one for one in live if ends.has_ended(one, at=at) or ends.ends_soon(one, at=at)]
    return [one for one in ending if not any(_renews(other, one) for other in live)]


def addresses(certificates: Sequence[Certificate], *, at: datetime) -> dict[int, str]:
    """Where each of these that is to be renewed can be: the page of its course, which offers the next run.

    Nothing for a course that takes nobody any more.
    """
    wanted = [one for one in renewable(certificates, at=at) if one.published_at]
    pages = _course_pages({one.completion.course_id for one in wanted}) if wanted else {}
    return {one.pk: pages[one.completion.course_id] for one in wanted if one.completion.course_id in pages}


def _renews(newer: Certificate, older: Certificate) -> bool:
    """As in `reminders.owed`."""
    was, became = older.completion, newer.completion
    if became.course_id != was.course_id or became.outcome != Completion.Outcome.PASSED:
        return False
    holds_longer = became.valid_until is None or (was.valid_until is not None and became.valid_until > was.valid_until)
    return became.completed_at > was.completed_at and holds_longer


def _course_pages(courses: Iterable[int]) -> dict[int, str]:
    pages = CoursePage.objects.live().filter(course__in=courses, course__archived_at__isnull=True)
    return {page.course_id: page.get_url() or "" for page in pages}
