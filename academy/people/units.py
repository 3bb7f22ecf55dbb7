"""Changes of the unit tree. Each locks the agency first, so that two at once cannot tear the tree.

A merged or closed unit stays in the tree, and what was earned there keeps pointing to it. Every change has a preview
that says what it would touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.people.models import Agency, ChangeLog, Organiser, Person, Placement, Role, WorkUnit
from academy.people.models.agency import WorkUnitQuerySet
from academy.people.models.change_log import record
from academy.people.placements import place_everybody
from academy.people.refusals import Refused
from academy.people.roles import end_roles

LONGEST_NAME = 200


class CannotChangeUnit(Refused):
    """The change is refused; the message says what is in the way."""


@dataclass(frozen=True)
class Touched:
    """What a change concerns: active people (their enrolments follow them), inactive ones, units, roles over them.

    `here` are the active people of the unit itself, without those below it.
    """

    here: int
    people: int
    inactive: int
    units: int
    roles: int


@transaction.atomic
def ensure_root(agency: Agency) -> WorkUnit:
    """The root unit that stands for the agency itself; made at the first call."""
    _lock(agency.pk)
    root = WorkUnit.objects.filter(agency=agency, depth=1).first()
    return cast(WorkUnit, root or WorkUnit.add_root(agency=agency, name=agency.name))


@transaction.atomic
def ensure_unit(parent: WorkUnit, name: str) -> WorkUnit:
    """The child of `parent` with this name; made at the first call."""
    _lock(parent.agency_id)
    parent = WorkUnit.objects.get(pk=parent.pk)
    child = parent.get_children().filter(name=name).first()
    return cast(WorkUnit, child or parent.add_child(agency_id=parent.agency_id, name=name))


@transaction.atomic
def open_unit(parent: WorkUnit, *, name: str, by: Person, at: datetime) -> WorkUnit:
    """A new unit below `parent`. A repeat returns the unit that is open there under this name."""
    agency = _lock(parent.agency_id)
    parent = _fresh(parent)
    _refuse_closed(parent, at=at)
    name = _checked_name(name)
    known = _namesakes(parent, name, at=at).first()
    if known:
        return cast(WorkUnit, known)
    unit = cast(WorkUnit, parent.add_child(agency=agency, name=name))
    record(ChangeLog.Action.UNIT_OPENED, by=by, at=at, unit=unit, name=name, below=parent.name)
    return unit


@transaction.atomic
def rename_unit(unit: WorkUnit, *, name: str, by: Person, at: datetime) -> WorkUnit:
    """Give the unit another name; what was printed keeps the old one. A repeat changes nothing."""
    _lock(unit.agency_id)
    unit = _fresh(unit)
    before, unit.name = unit.name, new_name(unit, name, at=at)
    if unit.name == before:
        return unit
    unit.save(update_fields=["name"])
    record(ChangeLog.Action.UNIT_RENAMED, by=by, at=at, unit=unit, before=before, after=unit.name)
    return unit


def new_name(unit: WorkUnit, name: str, *, at: datetime) -> str:
    """The name as it would be kept, for the preview too; CannotChangeUnit if the unit cannot be called so."""
    name = _checked_name(name)
    if name != unit.name:
        _refuse_root(unit)
        _refuse_closed(unit, at=at)
        if _namesakes(unit.get_parent(), name, at=at).exclude(pk=unit.pk).exists():
            raise CannotChangeUnit(_("There is already a unit of this name beside it."), field="name")
    return name


@transaction.atomic
def move_unit(unit: WorkUnit, *, to: WorkUnit, by: Person, at: datetime) -> WorkUnit:
    """Hang the unit, with all below it, below another unit of the same agency. A repeat changes nothing."""
    _lock(unit.agency_id)
    unit, to = _fresh(unit), _fresh(to)
    before = unit.get_parent()
    if before == to:
        return unit
    _refuse_root(unit)
    _refuse_other_agency(unit, to)
    _refuse_closed(unit, at=at)
    _refuse_closed(to, at=at)
    if to.path.startswith(unit.path):
        raise CannotChangeUnit(_("A unit cannot be moved below itself."))
    if _namesakes(to, unit.name, at=at).exists():
        raise CannotChangeUnit(
            _("There is already a unit called %(name)s in %(unit)s. Rename one of them first.")
            % {"name": unit.name, "unit": to.name}
        )
    unit.move(to, pos="last-child")
    unit = _fresh(unit)
    record(ChangeLog.Action.UNIT_MOVED, by=by, at=at, unit=unit, before=before.name, after=to.name)
    return unit


@transaction.atomic
def merge_unit(unit: WorkUnit, *, into: WorkUnit, by: Person, at: datetime) -> WorkUnit:
    """Close the unit and carry its people and its units over into another of the same agency. A repeat changes nothing.

    People, active or not, work in `into` from today on; their enrolments follow, completions stay with the unit that
    earned them. Units below hang below `into`, with all their people. Roles over the unit end: they are not widened to
    `into`. Returns the closed unit.
    """
    agency = _lock(unit.agency_id)
    unit, into = _fresh(unit), _fresh(into)
    if unit.merged_into_id is not None and unit.merged_into_id == into.pk:
        return unit
    _refuse_root(unit)
    _refuse_other_agency(unit, into)
    _refuse_closed(unit, at=at)
    _refuse_closed(into, at=at)
    _refuse_organiser(unit)
    if into.path.startswith(unit.path):
        raise CannotChangeUnit(_("A unit cannot be merged into itself or a unit below it."))
    children = list(_children(unit).open(agency.day(at)))
    names = set(_children(into).open(agency.day(at)).exclude(pk=unit.pk).values_list("name", flat=True))
    twice = sorted(child.name for child in children if child.name in names)
    if twice:
        raise CannotChangeUnit(
            _("Both have units of the same name: %(names)s. Rename or merge those first.") % {"names": ", ".join(twice)}
        )
    touched = _touched(unit, people=Q(unit=unit), roles=Q(unit=unit), at=at)
    person_ids = place_everybody(from_unit=unit, to_unit=into, today=agency.day(at))
    for child in children:
        _fresh(child).move(_fresh(into), pos="last-child")
    unit = _close(unit, by=by, at=at, merged_into=into)
    record(
        ChangeLog.Action.UNIT_MERGED,
        by=by,
        at=at,
        unit=unit,
        name=unit.name,
        into=into.name,
        into_unit=into.pk,
        people=len(person_ids),
        units=len(children),
        roles=touched.roles,
    )
    return unit


@transaction.atomic
def close_unit(unit: WorkUnit, *, by: Person, at: datetime) -> WorkUnit:
    """Close a unit in which nobody active works and below which nothing is open. A repeat changes nothing."""
    _lock(unit.agency_id)
    unit = _fresh(unit)
    if unit.is_closed(at=at):
        return unit
    in_the_way = obstacles_to_closing(unit, preview_close(unit, at=at), at=at)
    if in_the_way:
        raise CannotChangeUnit(" ".join(in_the_way))
    unit = _close(unit, by=by, at=at)
    record(ChangeLog.Action.UNIT_CLOSED, by=by, at=at, unit=unit, name=unit.name)
    return unit


def obstacles_to_closing(unit: WorkUnit, there: Touched, *, at: datetime) -> list[str]:
    """A sentence for everything that keeps the unit open; none if it can be closed. `there`: of `preview_close`."""
    if unit.is_root():
        return [_("The topmost unit stands for the agency itself and stays.")]
    today = unit.agency.day(at)
    sentences = []
    if there.here:
        sentences.append(
            ngettext("%(count)d active person works here.", "%(count)d active people work here.", there.here)
            % {"count": there.here}
        )
    if there.units:
        sentences.append(
            ngettext("%(count)d unit below is open.", "%(count)d units below are open.", there.units)
            % {"count": there.units}
        )
    planned = Placement.objects.filter(unit=unit, from_on__gt=today).count()
    if planned:
        sentences.append(
            ngettext("%(count)d person is to be placed here.", "%(count)d people are to be placed here.", planned)
            % {"count": planned}
        )
    if sentences:
        sentences.append(_("Move them first, or merge the unit into another."))
    organiser = Organiser.objects.filter(unit=unit).first()
    if organiser:
        sentences.append(_organises(organiser))
    return sentences


def preview_open(parent: WorkUnit, *, at: datetime) -> Touched:
    """Nobody is touched; the numbers are those of the unit above."""
    return _touched(parent, at=at)


def preview_rename(unit: WorkUnit, *, at: datetime) -> Touched:
    """The people whose pages name the unit, and the roles over it."""
    return _touched(unit, people=Q(unit=unit), roles=Q(unit=unit), at=at)


def preview_move(unit: WorkUnit, *, at: datetime) -> Touched:
    """The unit with all below it: officers above the old and the new place see other people from then on."""
    return _touched(unit, at=at)


def preview_merge(unit: WorkUnit, *, at: datetime) -> Touched:
    """The unit with all below it; `roles` are those that end, over the unit itself."""
    return _touched(unit, roles=Q(unit=unit), at=at)


def preview_close(unit: WorkUnit, *, at: datetime) -> Touched:
    """What is still there, and the roles over the unit that end."""
    return preview_merge(unit, at=at)


def _touched(unit: WorkUnit, *, people: Q | None = None, roles: Q | None = None, at: datetime) -> Touched:
    """Of the unit with all below it, or only of these people and roles; `units` counts the open ones below."""
    branch = Q(unit__path__startswith=unit.path)
    counts = Person.objects.filter(people or branch).aggregate(
        here=Count("pk", filter=Q(is_active=True, unit=unit)),
        active=Count("pk", filter=Q(is_active=True)),
        all=Count("pk"),
    )
    return Touched(
        here=counts["here"],
        people=counts["active"],
        inactive=counts["all"] - counts["active"],
        units=_below(unit).open(unit.agency.day(at)).count(),
        roles=Role.objects.not_ended(at).filter(roles or branch).count(),
    )


def _lock(agency_id: int) -> Agency:
    """Held until the end of the transaction. no_key: whoever enrols meanwhile points to this row and need not wait."""
    return Agency.objects.select_for_update(no_key=True).get(pk=agency_id)


def _fresh(unit: WorkUnit) -> WorkUnit:
    """The row as it stands: treebeard changes the paths of whole branches behind the objects' backs."""
    return cast(WorkUnit, WorkUnit.objects.select_related("agency").get(pk=unit.pk))


def _below(unit: WorkUnit) -> WorkUnitQuerySet:
    return cast(WorkUnitQuerySet, WorkUnit.objects.filter(path__startswith=unit.path, depth__gt=unit.depth))


def _children(unit: WorkUnit) -> WorkUnitQuerySet:
    return cast(WorkUnitQuerySet, _below(unit).filter(depth=unit.depth + 1))


def _namesakes(parent: WorkUnit, name: str, *, at: datetime) -> WorkUnitQuerySet:
    return cast(WorkUnitQuerySet, _children(parent).open(parent.agency.day(at)).filter(name__iexact=name))


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise CannotChangeUnit(_("A unit needs a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise CannotChangeUnit(_("A name has at most %(most)d characters.") % {"most": LONGEST_NAME}, field="name")
    return name


def _refuse_root(unit: WorkUnit) -> None:
    if unit.is_root():
        raise CannotChangeUnit(_("The topmost unit stands for the agency itself and stays."))


def _refuse_closed(unit: WorkUnit, *, at: datetime) -> None:
    if unit.is_closed(at=at):
        raise CannotChangeUnit(_("%(unit)s is closed.") % {"unit": unit.name})


def _refuse_other_agency(unit: WorkUnit, other: WorkUnit) -> None:
    if unit.agency_id != other.agency_id:
        raise CannotChangeUnit(_("Units stay inside their agency."))


def _refuse_organiser(unit: WorkUnit) -> None:
    organiser = Organiser.objects.filter(unit=unit).first()
    if organiser:
        raise CannotChangeUnit(_organises(organiser))


def _organises(organiser: Organiser) -> str:
    return _("This unit runs courses as %(organiser)s and stays.") % {"organiser": organiser.short_name}


def _close(unit: WorkUnit, *, by: Person, at: datetime, merged_into: WorkUnit | None = None) -> WorkUnit:
    unit = _fresh(unit)
    unit.closed_on, unit.merged_into = unit.agency.day(at), merged_into
    unit.save(update_fields=["closed_on", "merged_into"])
    end_roles(Role.objects.filter(unit=unit), when=at, by=by, at=at)
    return unit
