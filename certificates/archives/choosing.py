"""Which certificates an HR officer asks for: a unit and all below it, a year, perhaps one course.

As in reports, they are those of the people who work in the unit today, by the year in which they finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from academy.people.models import Person, WorkUnit
from academy.people.models.agency import WorkUnitQuerySet
from academy.people.scope import units_visible_to
from certificates.models import Certificate
from courses.models import Completion, Course

REVOKED = Q(revoked_at__isnull=False)
REPLACED = Q(superseded_at__isnull=False, revoked_at__isnull=True)
PUBLISHED = Q(published_at__isnull=False)


@dataclass(frozen=True)
class Choice:
    """`with_withdrawn` takes the revoked and the replaced along."""

    unit: WorkUnit
    year: int
    course: Course | None = None
    with_withdrawn: bool = False


@dataclass(frozen=True)
class Counted:
    """How many would be taken, and how many of the same people, year and course would not, by reason."""

    taken: int
    not_published: int
    revoked: int
    replaced: int

    def left_out(self) -> dict[str, int]:
        counts = {"not_published": self.not_published, "revoked": self.revoked, "replaced": self.replaced}
        return {reason: count for reason, count in counts.items() if count}


def within(choice: Choice, units: QuerySet[WorkUnit]) -> Q:
    """For a query of completions: `units` are those in the officer's scope."""
    branch = units.filter(path__startswith=choice.unit.path)
    condition = Q(person__unit__in=branch, completed_on__year=choice.year)
    return condition & Q(course=choice.course) if choice.course else condition


def certificates_of(choice: Choice, units: QuerySet[WorkUnit]) -> QuerySet[Certificate]:
    """What would be taken, sorted as people look for it."""
    found = _all_of(choice, units).filter(PUBLISHED)
    if not choice.with_withdrawn:
        found = found.exclude(REVOKED | REPLACED)
    return found.order_by("completion__person__unit__path", "completion__person__name", "completion__person", "pk")


def counted(choice: Choice, units: QuerySet[WorkUnit]) -> Counted:
    withdrawn = Q() if choice.with_withdrawn else ~(REVOKED | REPLACED)
    counts = _all_of(choice, units).aggregate(
        taken=Count("pk", filter=PUBLISHED & withdrawn),
        waiting=Count("pk", filter=~PUBLISHED & ~REVOKED & ~REPLACED),
        revoked=Count("pk", filter=REVOKED),
        replaced=Count("pk", filter=REPLACED),
    )
    without_row = Completion.objects.filter(within(choice, units), certificates__isnull=True).count()
    return Counted(
        taken=counts["taken"],
        not_published=counts["waiting"] + without_row,
        revoked=0 if choice.with_withdrawn else counts["revoked"],
        replaced=0 if choice.with_withdrawn else counts["replaced"],
    )


def seen_by(person: Person, unit: WorkUnit, *, at: datetime) -> WorkUnitQuerySet:
    """The units in and below `unit` that are in the person's scope at this moment; none after the role ended."""
    seen: WorkUnitQuerySet = units_visible_to(person, at=at).filter(path__startswith=unit.path)
    return seen


def _all_of(choice: Choice, units: QuerySet[WorkUnit]) -> QuerySet[Certificate]:
    return Certificate.objects.filter(completion__in=Completion.objects.filter(within(choice, units)))
