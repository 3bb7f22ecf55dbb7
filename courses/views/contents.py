"""The contents of a course as a learner sees them: what is done, where one stands, what waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from courses.outline import OutlineModule
from courses.standing import Standing


def module_items(standing: Standing, module: OutlineModule, *, shown: UUID | None = None) -> list[dict[str, Any]]:
    """The activities of a module for components/thread_progress.html; only what is open has a link.

    `shown` is the activity of the page.
    """
    return [
        {
            "title": f"{activity.number} {activity.title}",
            "state": standing.state_of(activity, shown=shown),
            "meta": _("completed") if activity.activity in standing.done else "",
            "url": standing.url_if_open(activity),
            "current": activity.activity == shown,
        }
        for activity in module.activities
    ]
