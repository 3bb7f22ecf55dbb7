"""Taking an applied roster back, as long as nothing was built on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Agency, ChangeLog, Person, Placement, RosterChange, RosterImport, Transfer, WorkUnit
from academy.people.models.change_log import record
from academy.people.signals import placed

AT_ONCE = 1000
WRITES = ("new", "changed", "moved", "gone")
# What the import itself wrote about a person, and takes back with them.
OWN = (Placement, RosterChange)


class CannotUndo(Exception):
    """Something was built on the import; the message says what, in the reader's language."""


@transaction.atomic
def undo_import(job: RosterImport, *, by: Person, at: datetime) -> int:
    """Take back everything the import did and return how many people and units that were; a repeat does nothing.

    New people are deleted, overwritten values restored, moves taken back, those who were gone made active again.
    """
    agency = Agency.objects.select_for_update(no_key=True).get(pk=job.agency_id)
    stands = RosterImport.objects.select_for_update().get(pk=job.pk)
    if stands.state == RosterImport.State.UNDONE:
        return 0
    if stands.state != RosterImport.State.APPLIED or stands.applied_at is None:
        raise CannotUndo(_("Only an import that was applied can be undone."))
    day = timezone.localdate(stands.applied_at, ZoneInfo(agency.time_zone))
    _refuse_if_built_upon(stands, day)
    changes = list(RosterChange.objects.filter(roster_import=stands).order_by("pk"))
    moved = [change for change in changes if change.kind == RosterChange.Kind.MOVED]
    _restore_people(changes)
    _take_moves_back(moved, day)
    _delete_people(
        [change.person_id for change in changes if change.kind == RosterChange.Kind.NEW and change.person_id]
    )
    _delete_units([change.unit_id for change in changes if change.unit_id])
    if moved:
        placed.send(sender=Placement, person_ids=[change.person_id for change in moved])
    root = WorkUnit.objects.filter(agency=agency, depth=1).first()
    details: dict[str, Any] = {"import": stands.pk, "count": len(changes)}
    record(ChangeLog.Action.ROSTER_UNDONE, by=by, at=at, unit=root, **details)
    stands.state, stands.undone_at = RosterImport.State.UNDONE, at
    stands.save(update_fields=["state", "undone_at"])
    job.refresh_from_db()
    return len(changes)


def _refuse_if_built_upon(job: RosterImport, day: date) -> None:
    changes = RosterChange.objects.filter(roster_import=job, person__isnull=False)
    everybody = changes.values("person")
    new = changes.filter(kind=RosterChange.Kind.NEW).values("person")
    if _later_import(job):
        raise CannotUndo(_("A later roster of this agency was applied. Undo that one first."))
    if ChangeLog.objects.filter(subject__in=everybody, at__gt=job.applied_at).exists():
        raise CannotUndo(_("Somebody of this import was changed by hand since."))
    placed_later = Placement.objects.filter(person__in=everybody).filter(from_on__gt=day)
    if placed_later.exists() or Placement.objects.filter(person__in=new).exclude(from_on=day).exists():
        raise CannotUndo(_("Somebody of this import was placed elsewhere since."))
    if Person.objects.filter(pk__in=new, last_login__isnull=False).exists():
        raise CannotUndo(_("Somebody who came with this import has signed in since."))
    for model, field in _references_to(Person):
        if model not in OWN and model._base_manager.filter(**{f"{field}__in": new}).exists():
            raise CannotUndo(
                _("Something refers to a person who came with this import: %(what)s.")
                % {"what": model._meta.verbose_name}
            )


def _later_import(job: RosterImport) -> bool:
    """Whether another roster changed this agency since, by whatever way it came, and still stands."""
    lines = ChangeLog.objects.filter(unit__agency=job.agency_id, unit__depth=1)
    undone = {line.detail.get("import") for line in lines.filter(action=ChangeLog.Action.ROSTER_UNDONE)}
    own = lines.filter(action=ChangeLog.Action.ROSTER_IMPORTED, detail__import=job.pk).first()
    later = lines.filter(action=ChangeLog.Action.ROSTER_IMPORTED, pk__gt=own.pk if own else 0)
    return any(
        any(line.detail.get(name) for name in WRITES)
        for line in later
        if line.detail.get("import") != job.pk and (line.detail.get("import") or 0) not in undone
    )


def _references_to(target: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    """Every foreign key of every room that may point to the model, without knowing the rooms."""
    for relation in target._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            yield relation.related_model, relation.field.name  # type: ignore[misc, union-attr]


def _restore_people(changes: list[RosterChange]) -> None:
    """The values that were overwritten; a set of fields at a time."""
    by_fields: dict[tuple[str, ...], list[Person]] = {}
    for change in changes:
        fields = {name: value for name, value in change.before.items() if name not in ("placement", "transfer", "unit")}
        if "unit" in change.before:
            fields["unit_id"] = change.before["unit"]
        if fields and change.person_id:
            by_fields.setdefault(tuple(sorted(fields)), []).append(Person(pk=change.person_id, **fields))
    for names, people in by_fields.items():
        Person.objects.bulk_update(people, [name.removesuffix("_id") for name in names], batch_size=AT_ONCE)


def _take_moves_back(moved: list[RosterChange], day: date) -> None:
    people = [change.person_id for change in moved if "placement" not in change.before]
    for some in _pieces(people):
        Placement.objects.filter(person__in=some, from_on=day).delete()
    for change in moved:
        if "placement" in change.before:
            Placement.objects.filter(person=change.person_id, from_on=day).update(unit=change.before["placement"])
        if "transfer" in change.before:
            _reopen(change.before["transfer"])


def _reopen(transfer: int) -> None:
    row = Transfer.objects.get(pk=transfer)
    if Transfer.objects.filter(person=row.person_id, placed_at__isnull=True, withdrawn_at__isnull=True).exists():
        raise CannotUndo(_("Somebody of this import was released to another agency since."))
    Transfer.objects.filter(pk=transfer).update(placed_in=None, placed_by=None, placed_at=None)


def _delete_people(people: list[Any]) -> None:
    """Nothing refers to them, which was looked at and which the database would refuse: no need to load them."""
    for some in _pieces(people):
        for model in OWN:
            rows: Any = model._base_manager.filter(person__in=some)
            rows._raw_delete(rows.db)
        persons: Any = Person._base_manager.filter(pk__in=some)
        persons._raw_delete(persons.db)


def _delete_units(units: list[int]) -> None:
    """From below; a unit that is in use by now stays."""
    for unit in WorkUnit.objects.filter(pk__in=units).order_by("-depth"):
        if unit.get_children_count():
            continue
        RosterChange.objects.filter(unit=unit).delete()
        try:
            unit.delete()
        except ProtectedError:
            continue


def _pieces(keys: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]
