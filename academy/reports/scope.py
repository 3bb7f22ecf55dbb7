"""What an HR officer may report on today: the units under their roles, as a small tree in memory (promise P4).

Asked anew for every request, so a transfer or a revoked role counts from the next click on.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from academy.people.models import Person, Role
from academy.people.scope import units_under

AFTER_EVERY_PATH = "\uffff"


@dataclass(frozen=True)
class Unit:
    """A work unit as reports need it; `path` is treebeard's, a parent's path begins its children's."""

    pk: int
    path: str
    name: str
    closed_on: date | None = None

    def is_below(self, other: Unit) -> bool:
        return self.path.startswith(other.path)


@dataclass(frozen=True)
class Scope:
    """The visible units in the order of their paths, and in words whose report this is."""

    label: str
    units: tuple[Unit, ...]

    @cached_property
    def _paths(self) -> list[str]:
        return [unit.path for unit in self.units]

    @cached_property
    def _by_pk(self) -> dict[int, Unit]:
        return {unit.pk: unit for unit in self.units}

    @cached_property
    def unit_ids(self) -> list[int]:
        return [unit.pk for unit in self.units]

    @cached_property
    def roots(self) -> tuple[Unit, ...]:
        """The topmost visible units: one for an agency, one per agency for a group."""
        roots: list[Unit] = []
        for unit in self.units:
            if not roots or not unit.is_below(roots[-1]):
                roots.append(unit)
        return tuple(roots)

    def find(self, pk: int) -> Unit | None:
        return self._by_pk.get(pk)

    def subtree(self, top: Unit) -> tuple[Unit, ...]:
        """`top` and all below it."""
        return self.units[bisect_left(self._paths, top.path) : bisect_left(self._paths, top.path + AFTER_EVERY_PATH)]

    def children(self, top: Unit) -> tuple[Unit, ...]:
        """The units one level below `top`."""
        subtree = self.subtree(top)
        depths = {len(unit.path) for unit in subtree if unit != top}
        return tuple(unit for unit in subtree if len(unit.path) == min(depths, default=0))

    def way_to(self, unit: Unit) -> tuple[Unit, ...]:
        """From the topmost visible unit down to `unit`, both included."""
        return tuple(other for other in self.units if unit.is_below(other))


def scope_of(person: Person, *, at: datetime) -> Scope | None:
    """The scope of an HR officer; None for somebody without that role."""
    roles = list(
        Role.objects.in_force(at)
        .filter(person=person, kind=Role.Kind.HR, person__is_active=True)
        .select_related("group", "unit__agency")
        .order_by("pk")
    )
    if not roles:
        return None
    rows = units_under(roles).values_list("pk", "path", "name", "closed_on")
    units = sorted((Unit(*row) for row in rows), key=lambda unit: unit.path)
    return Scope(label="; ".join(dict.fromkeys(_label(role) for role in roles)), units=tuple(units))


def _label(role: Role) -> str:
    if role.group:
        return role.group.name
    if role.unit is None:  # a constraint forbids it
        raise ValueError(role.pk)
    return role.unit.name if role.unit.is_root() else f"{role.unit.name}, {role.unit.agency.name}"
