"""Which units may this person see? One answer for every page, report, file and endpoint (promise P4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from academy.people.models import Agency, Person, Placement, Role, WorkUnit
from academy.people.models.agency import WorkUnitQuerySet


def units_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> WorkUnitQuerySet:
    """The units under the roles of this kind that are in force at that moment; none without a role.

    Closed units are included: what was earned there is still theirs to report.
    """
    return units_under(roles_of(person, kind=kind, at=at))


def roles_of(person: Person, *, kind: Role.Kind, at: datetime) -> QuerySet[Role]:
    """The roles of this kind in force at that moment, with their units; none for an inactive person."""
    roles: QuerySet[Role] = Role.objects.in_force(at).filter(person=person, kind=kind, person__is_active=True)
    return roles.select_related("unit")


def units_under(roles: Iterable[Role]) -> WorkUnitQuerySet:
    """The units these roles are over; none without a role. Roles over a unit bring it along."""
    condition = Q()
    for role in roles:
        if role.unit:
            condition |= Q(path__startswith=role.unit.path)
        else:
            condition |= Q(agency__in=Agency.objects.filter(groups=role.group_id))
    units: WorkUnitQuerySet = WorkUnit.objects.all()
    return cast(WorkUnitQuerySet, units.filter(condition) if condition else units.none())


def topmost_units(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> list[WorkUnit]:
    """Where that view begins: one unit for a role, one per agency for a group; none that lies below another."""
    if not person.is_active:
        return []
    roles = Role.objects.in_force(at).filter(person=person, kind=kind)
    units = WorkUnit.objects.filter(Q(roles__in=roles) | Q(depth=1, agency__groups__roles__in=roles))
    top: list[WorkUnit] = []
    for unit in units.distinct().select_related("agency"):  # in the order of their paths: whoever is above comes first
        if not top or not unit.path.startswith(top[-1].path):
            top.append(unit)
    return top


def scope_in_words(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> str:
    """The names of the units and groups of those roles, for a page or a log line."""
    roles = Role.objects.in_force(at).filter(person=person, kind=kind).order_by("pk")
    return "; ".join(dict.fromkeys(group or unit for group, unit in roles.values_list("group__name", "unit__name")))


def people_visible_to(person: Person, *, kind: Role.Kind = Role.Kind.HR, at: datetime) -> QuerySet[Person]:
    """Everybody who works in those units today, active or not."""
    return people_in(units_visible_to(person, kind=kind, at=at))


def people_in(units: QuerySet[WorkUnit]) -> QuerySet[Person]:
    """Everybody who works in these units today, active or not."""
    return cast("QuerySet[Person]", Person.objects.filter(unit__in=units))


def who_left(units: QuerySet[WorkUnit], *, around: datetime) -> set[int]:
    """Keys of the people who were placed in these units within a day of that moment, and work in none of them now.

    Placements know days, and a day begins earlier in Jayapura than in Jakarta: whoever may have been there is meant.
    """
    first, last = (around - timedelta(days=1)).date(), (around + timedelta(days=1)).date()
    later = Placement.objects.filter(person=OuterRef("person"), from_on__gt=OuterRef("from_on"), from_on__lt=first)
    placements = Placement.objects.filter(~Exists(later), unit__in=units, from_on__lte=last)
    return set(placements.exclude(person__unit__in=units).order_by().values_list("person", flat=True))
