"""Which units may this person see? One answer for every page, report, file and endpoint (promise P4)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db.models import Q, QuerySet

from academy.people.models import Agency, Person, Role, WorkUnit


def units_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> QuerySet[WorkUnit]:
    """The units under the roles of this kind that are in force at that moment; none without a role.

    Closed units are included: what was earned there is still theirs to report.
    """
    units: QuerySet[WorkUnit] = WorkUnit.objects.all()
    if not person.is_active:
        return units.none()
    condition = Q()
    for role in Role.objects.in_force(at).filter(person=person, kind=kind).select_related("unit"):
        if role.unit:
            condition |= Q(path__startswith=role.unit.path)
        else:
            condition |= Q(agency__in=Agency.objects.filter(groups=role.group_id))
    return units.filter(condition) if condition else units.none()


def people_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> QuerySet[Person]:
    """Everybody who works in those units today, active or not."""
    return cast("QuerySet[Person]", Person.objects.filter(unit__in=units_visible_to(person, kind=kind, at=at)))
