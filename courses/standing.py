"""Where a learner stands in an edition: what is done, where to go on, what is open, and the addresses of all that."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.urls import reverse

from courses.models import Enrolment
from courses.outline import Outline, OutlineActivity, outline_of
from courses.progress import activity_before, done_activities, next_activity


@dataclass(frozen=True)
class Standing:
    enrolment: Enrolment
    outline: Outline
    done: AbstractSet[UUID]

    @cached_property
    def following(self) -> OutlineActivity | None:
        """Where the learner goes on; None when everything is done."""
        return next_activity(self.outline, self.done)

    @property
    def done_count(self) -> int:
        return self.done_among(self.outline.activities)

    def done_among(self, activities: Iterable[OutlineActivity]) -> int:
        return sum(one.activity in self.done for one in activities)

    def is_open(self, activity: OutlineActivity) -> bool:
        return activity_before(self.outline, activity.activity, self.done) is None

    def state_of(self, activity: OutlineActivity, *, shown: UUID | None = None) -> str:
        """The knot of components/thread_progress.html; "here" is the activity shown, or else where one goes on."""
        if activity.activity in self.done:
            return "done"
        if shown is not None:
            return "here" if activity.activity == shown else "todo"
        return "here" if activity == self.following else "todo"

    def url_if_open(self, activity: OutlineActivity) -> str:
        """Empty for an activity that is locked."""
        return activity_url(self.enrolment, activity) if self.is_open(activity) else ""

    def url_to_go_on(self) -> str:
        """The activity that follows, or the course's result."""
        if self.following is None:
            return reverse("enrolment", args=[self.enrolment.pk])
        return activity_url(self.enrolment, self.following)


def standing_in(enrolment: Enrolment) -> Standing:
    return Standing(enrolment, outline_of(enrolment.edition_id), done_activities(enrolment))


def activity_url(enrolment: Enrolment, activity: OutlineActivity) -> str:
    return reverse("activity", args=[enrolment.pk, activity.activity])
