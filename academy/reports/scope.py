"""What an HR officer may report on today: the units under their roles (promise P4).

Asked anew for every request, so a transfer or a revoked role counts from the next click on. The units stay a query; a
page loads those it shows: where the scope begins, the way to one unit, the units directly below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Q

from academy.people.models import Person, Role, WorkUnit
from academy.people.models.agency import WorkUnitQuerySet
from academy.people.scope import units_under

MOST_CHOICES = 200  # in a select; where there are more, a unit is opened in the report's table
FIELDS = ("pk", "path", "name", "closed_on", "numchild")
NONE = Q(pk__in=())


@dataclass(frozen=True)
class Unit:
    """A work unit as reports need it; `path` is treebeard's, a parent's path begins its children's."""

    pk: int
    path: str
    name: str
    closed_on: date | None = None
    numchild: int = 0

    def is_below(self, other: Unit) -> bool:
        return self.path.startswith(other.path)

    def is_child_of(self, other: Unit) -> bool:
        return self.is_below(other) and len(self.path) == len(other.path) + WorkUnit.steplen


@dataclass(frozen=True)
class Place:
    """Where a report stands in the tree.

    `way`: from the topmost visible unit down to the chosen one, both included. `below`: the units directly below the
    chosen one, or below the only root. `choices`: the units to choose from, `all_choices` how many there would be.
    """

    way: tuple[Unit, ...]
    below: tuple[Unit, ...]
    choices: tuple[Unit, ...]
    all_choices: int


class Scope:
    """The visible units, and in words whose report this is."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.label = "; ".join(dict.fromkeys(_label(role) for role in roles))
        self.units: WorkUnitQuerySet = units_under(roles)
        self._over = [Unit(*(getattr(role.unit, name) for name in FIELDS)) for role in roles if role.unit]
        self._roots_of_groups = Q(depth=1) if any(role.group_id for role in roles) else NONE

    @cached_property
    def roots(self) -> tuple[Unit, ...]:
        """The topmost visible units: one for an agency, one per agency for a group."""
        return _topmost([*self._over, *self._ask(self._roots_of_groups)])

    def about(self, unit: Unit | None) -> list[int]:
        """The topmost units that a report on `unit`, or on all, is about."""
        return [unit.pk] if unit else [root.pk for root in self.roots]

    def above(self) -> set[str]:
        """The paths of all that lies above the visible units."""
        return {path for unit in self._over for path in WorkUnit.paths_to(unit.path)[:-1]}

    def fingerprint(self) -> str:
        """The same for the same visible units."""
        keys = self.units.order_by("pk").values_list("pk", flat=True)
        return hashlib.sha256(",".join(map(str, keys)).encode()).hexdigest()

    def find(self, pk: int) -> Unit | None:
        """The visible unit of this key. The roots are asked for on the way, which saves a query."""
        found = self._ask(Q(pk=pk) | self._roots_of_groups)
        self.roots = _topmost([*self._over, *(unit for unit in found if len(unit.path) == WorkUnit.steplen)])
        return next((unit for unit in found if unit.pk == pk), None)

    def place(self, chosen: Unit | None, *, below: bool = False) -> Place:
        """Around the chosen unit, in at most one query; what lies `below` it only for pages that show it."""
        only = self.roots[0] if len(self.roots) == 1 else None
        offered = only.numchild if only else len(self.roots)
        top = chosen or only
        wanted = NONE
        if chosen:
            wanted |= Q(path__in=WorkUnit.paths_to(chosen.path))
        if top and below:
            wanted |= _children(top)
        if only and offered <= MOST_CHOICES:
            wanted |= _children(only)
        found = self._ask(wanted)
        choices = [unit for unit in found if unit.is_child_of(only)] if only else self.roots
        return Place(
            way=tuple(unit for unit in found if chosen and chosen.is_below(unit)),
            below=tuple(unit for unit in found if top and unit.is_child_of(top)),
            choices=tuple(choices) if offered <= MOST_CHOICES else (),
            all_choices=offered,
        )

    def _ask(self, condition: Q) -> list[Unit]:
        return [Unit(*row) for row in self.units.filter(condition).values_list(*FIELDS)]


def _children(unit: Unit) -> Q:
    return Q(path__startswith=unit.path, depth=len(unit.path) // WorkUnit.steplen + 1)


def _topmost(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Those that lie below no other."""
    top: list[Unit] = []
    for unit in sorted(units, key=lambda unit: unit.path):  # whoever is above comes first
        if not top or not unit.is_below(top[-1]):
            top.append(unit)
    return tuple(top)


def scope_of(person: Person, *, at: datetime) -> Scope | None:
    """The scope of an HR officer; None for somebody without that role."""
    roles = list(
        Role.objects.in_force(at)
        .filter(person=person, kind=Role.Kind.HR, person__is_active=True)
        .select_related("group", "unit__agency")
        .order_by("pk")
    )
    return Scope(roles) if roles else None


def _label(role: Role) -> str:
    if role.group:
        return role.group.name
    if role.unit is None:  # a constraint forbids it
        raise ValueError(role.pk)
    return role.unit.name if role.unit.is_root() else f"{role.unit.name}, {role.unit.agency.name}"
