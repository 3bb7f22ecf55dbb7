"""Until when a course is to be finished, and how that is said."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.templatetags.formats import day
from courses.models import Enrolment

SOON_DAYS = 14


def deadline(enrolment: Enrolment) -> date | None:
    """The day of an assignment or the end of a dated run, whichever comes first.

    A self-paced course without assignment has none: it may be finished in the next year.
    """
    end_of_run = None if enrolment.run.is_self_paced else enrolment.run.closes_on
    return min(filter(None, (enrolment.due_on, end_of_run)), default=None)


def is_overdue(enrolment: Enrolment, *, today: date) -> bool:
    due_on = deadline(enrolment)
    return due_on is not None and due_on < today and enrolment.completed_at is None


def due(enrolment: Enrolment, *, today: date) -> dict[str, str]:
    """For components/learning_row.html: `due` in words and `due_state` (over, soon or nothing); empty without a day."""
    due_on = deadline(enrolment)
    if due_on is None:
        return {}
    left = (due_on - today).days
    if left < 0:
        return {"due": _("Due on %(day)s, overdue") % {"day": day(due_on)}, "due_state": "over"}
    if left == 0:
        return {"due": _("Due today, %(day)s") % {"day": day(due_on)}, "due_state": "soon"}
    text = ngettext("Due on %(day)s, %(count)s day left", "Due on %(day)s, %(count)s days left", left)
    return {
        "due": text % {"day": day(due_on), "count": left},
        "due_state": "soon" if left <= SOON_DAYS else "",
    }
