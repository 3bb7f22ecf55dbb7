"""The contents of a course as a learner sees them: what is done, where one stands, what waits."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from courses.models import Enrolment
from courses.outline import Outline, OutlineActivity, OutlineModule
from courses.progress import activity_before, next_activity


def is_open(outline: Outline, activity: OutlineActivity, done: AbstractSet[UUID]) -> bool:
    return activity_before(outline, activity.activity, done) is None


def module_items(
    enrolment: Enrolment,
    outline: Outline,
    module: OutlineModule,
    done: AbstractSet[UUID],
    *,
    here: UUID | None = None,
) -> list[dict[str, Any]]:
    """The activities of a module for components/thread_progress.html; only what is open has a link.

    The knot "here" is the activity of the page, or else where one goes on.
    """
    following = next_activity(outline, done)
    marked = here or (following.activity if following else None)
    return [
        {
            "title": f"{activity.number} {activity.title}",
            "state": "done" if activity.activity in done else "here" if activity.activity == marked else "todo",
            "meta": _("completed") if activity.activity in done else "",
            "url": reverse("activity", args=[enrolment.pk, activity.activity])
            if activity.activity in done or activity == following or not outline.sequential
            else "",
            "current": activity.activity == here,
        }
        for activity in module.activities
    ]
