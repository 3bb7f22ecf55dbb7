"""Which units may this person see? One answer for every page, report, file and endpoint (promise P4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.db.models import Q, QuerySet

from academy.people.models import Agency, Person, Role, WorkUnit


def units_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> QuerySet[WorkUnit]:
    """The units under the roles of this kind that are in force at that moment; none without a role.

    Closed units are included: what was earned there is still theirs to report.
    """
    roles = Role.objects.in_force(at).filter(person=person, kind=kind).select_related("unit")
    return units_under(roles if person.is_active else [])


def units_under(roles: Iterable[Role]) -> QuerySet[WorkUnit]:
    """The units these roles are over; none without a role. Roles over a unit bring it along."""
    condition = Q()
    for role in roles:
        if role.unit:
            condition |= Q(path__startswith=role.unit.path)
        else:
            condition |= Q(agency__in=Agency.objects.filter(groups=role.group_id))
    units: QuerySet[WorkUnit] = WorkUnit.objects.all()
    return units.filter(condition) if condition else units.none()


def people_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> QuerySet[Person]:
    """Everybody who works in those units today, active or not."""
    return cast("QuerySet[Person]", Person.objects.filter(unit__in=units_visible_to(person, kind=kind, at=at)))
