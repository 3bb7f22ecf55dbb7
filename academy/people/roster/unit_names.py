"""Finding the unit that a row names, inside the agency; making the missing ones when that was asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from academy.people.models import Agency, WorkUnit

Pair = tuple[str, str]  # perangkat daerah ("" if the file has none) and unit kerja, as typed


@dataclass(frozen=True)
class Problem:
    """Why a pair stands for no unit; `field` names the column at fault."""

    field: str
    message: str


@dataclass(frozen=True)
class _Unit:
    pk: int
    path: str
    name: str


@dataclass
class Units:
    """The open units of an agency by name. `missing` are those that the import has to make, by key of department and unit."""

    root: _Unit | None
    by_name: dict[str, list[_Unit]]
    missing: dict[Pair, Pair] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, agency: Agency, *, on: date) -> Units:
        rows = WorkUnit.objects.filter(agency=agency).open(on).order_by("path").values_list("pk", "path", "name")
        units = [_Unit(*row) for row in rows]
        by_name: dict[str, list[_Unit]] = defaultdict(list)
        for unit in units:
            by_name[spelt(unit.name)].append(unit)
        root = next((unit for unit in units if len(unit.path) == WorkUnit.steplen), None)
        return cls(root, dict(by_name), names={unit.pk: unit.name for unit in units})

    def find(self, pair: Pair, *, create: bool) -> int | Pair | Problem:
        """The key of the unit; the pair itself if it is to be made; or why there is none."""
        department, unit = pair
        found = self._below(department, unit) if department else self.by_name.get(spelt(unit), [])
        if len(found) == 1:
            return found[0].pk
        if len(found) > 1:
            return _ambiguous(department, len(found))
        if not create:
            return self._unknown(department)
        if department and len(self._departments(department)) > 1:
            return Problem("department", _("Several units have this name; a new unit cannot be put under it."))
        return self._to_be_made(department, unit)

    def _departments(self, name: str) -> list[_Unit]:
        """Those of that name; of several the highest, which are the perangkat daerah."""
        units = self.by_name.get(spelt(name), [])
        highest = min((len(unit.path) for unit in units if unit != self.root), default=0)
        return [unit for unit in units if len(unit.path) == highest] or units

    def _below(self, department: str, name: str) -> list[_Unit]:
        above = self._departments(department)
        if spelt(department) == spelt(name) and above:
            return above
        return [
            unit
            for unit in self.by_name.get(spelt(name), [])
            if any(unit.path.startswith(each.path) and unit.path != each.path for each in above)
        ]

    def _unknown(self, department: str) -> Problem:
        if department and not self._departments(department):
            return Problem("department", _("This perangkat daerah is not known in the agency."))
        if department:
            return Problem("unit", _("This work unit is not known under its perangkat daerah."))
        return Problem("unit", _("This work unit is not known in the agency."))

    def _to_be_made(self, department: str, unit: str) -> Pair:
        pair = (department, unit) if spelt(department) != spelt(unit) else ("", unit)
        known = (spelt(pair[0]), spelt(pair[1]))
        return self.missing.setdefault(known, pair)


def spelt(name: str) -> str:
    """What two spellings of a unit's name have in common."""
    return " ".join(name.casefold().split())


def _ambiguous(department: str, count: int) -> Problem:
    if department:
        return Problem(
            "unit",
            _("%(count)d units under this perangkat daerah have this name. Give them names of their own first.")
            % {"count": count},
        )
    return Problem(
        "unit", _("%(count)d units of the agency have this name. Add the column Perangkat Daerah.") % {"count": count}
    )


def make(units: Units, *, root: WorkUnit) -> dict[Pair, WorkUnit]:
    """Make the missing units, the departments first. The agency is locked by the caller. Returns all that were made."""
    made: dict[Pair, WorkUnit] = {}
    for (department_key, _unit_key), (department, _unit) in units.missing.items():
        if department and not units._departments(department) and ("", department_key) not in units.missing:
            made.setdefault(("", department), _child(root, department))
    for department, unit in sorted(units.missing.values(), key=lambda pair: bool(pair[0])):
        parent = root
        if department:
            above = units._departments(department)
            parent = WorkUnit.objects.get(pk=above[0].pk) if above else _made(made, department)
        made[department, unit] = _child(parent, unit)
    return made


def _made(made: dict[Pair, WorkUnit], department: str) -> WorkUnit:
    return next(unit for (above, name), unit in made.items() if not above and spelt(name) == spelt(department))


def _child(parent: WorkUnit, name: str) -> WorkUnit:
    parent = WorkUnit.objects.get(pk=parent.pk)  # treebeard counts children in the parent's row
    return parent.add_child(agency_id=parent.agency_id, name=name)  # type: ignore[no-any-return]
