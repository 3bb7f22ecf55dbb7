"""Taking an applied roster back, as long as nothing was built on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Agency, ChangeLog, Person, Placement, RosterChange, RosterImport, Transfer, WorkUnit
from academy.people.models.change_log import record
from academy.people.roster.existing import owners_of_emails
from academy.people.roster.upserting import update
from academy.people.signals import placed

AT_ONCE = 1000
WRITES = ("new", "changed", "moved", "gone")
Kind = RosterChange.Kind
# What imports wrote about a person who is new, and take back with them.
OWN = (Placement, RosterChange)
OF_MOVES = ("placement", "transfer")
Before = dict[str, Any]  # what stood in the fields that were overwritten


class CannotUndo(Exception):
    """Something was built on the import; the message says what, in the reader's language."""


@transaction.atomic
def undo_import(job: RosterImport, *, at: datetime) -> int:
    """Take back everything the import did and return how many people and units that were; a repeat does nothing.

    New people are deleted, overwritten values restored, moves taken back, those who were gone made active again.
    """
    agency = Agency.objects.select_for_update(no_key=True).get(pk=job.agency_id)
    stands = RosterImport.objects.select_for_update().get(pk=job.pk)
    if stands.state == RosterImport.State.UNDONE:
        return 0
    if stands.state != RosterImport.State.UNDOING or stands.applied_at is None:
        raise CannotUndo(_("Only an import that was applied can be undone."))
    day = timezone.localdate(stands.applied_at, ZoneInfo(agency.time_zone))
    changes = RosterChange.objects.filter(roster_import=stands)
    _lock_people(stands, changes)
    _refuse_if_built_upon(stands, changes, day)
    before = dict(changes.filter(person__isnull=False).values_list("person", "before"))
    moved = list(changes.filter(kind=Kind.MOVED).order_by("person").values_list("person", flat=True))
    units = list(changes.filter(unit__isnull=False).values_list("unit", flat=True))
    _restore_people(before)
    _take_moves_back({person: before[person] for person in moved}, day)
    made = _delete_people(stands)
    _delete_units(units)
    if moved:
        placed.send(sender=Placement, person_ids=moved)
    count = len(before) + len(units) + made
    root = WorkUnit.objects.filter(agency=agency, depth=1).first()
    details: dict[str, Any] = {"import": stands.pk, "count": count}
    record(ChangeLog.Action.ROSTER_UNDONE, by=stands.undone_by, at=at, unit=root, **details)
    finished(stands, at=at)
    return count


def finished(job: RosterImport, *, at: datetime) -> None:
    """Everything is taken back."""
    undone = {"state": RosterImport.State.UNDONE, "undone_at": at}
    RosterImport.objects.filter(pk=job.pk).update(**undone, lease_until=None, tries=0, progress=100)


def _new(job: RosterImport, field: str) -> Q:
    """Whether the field names somebody who came with this import: a few ranges of keys, however many people."""
    return reduce(or_, (Q(**{f"{field}__range": ends}) for ends in job.new_people), Q(**{f"{field}__in": []}))


def _lock_people(job: RosterImport, changes: QuerySet[RosterChange]) -> None:
    """Nobody corrects or places them between the look at what was built on the import and its end."""
    people = Person.objects.filter(_new(job, "pk") | Q(pk__in=changes.values("person")))
    len(people.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _refuse_if_built_upon(job: RosterImport, changes: QuerySet[RosterChange], day: date) -> None:
    present = changes.filter(person__isnull=False).values("person")
    if _later_import(job):
        raise CannotUndo(_("A later roster of this agency was applied. Undo that one first."))
    about = ChangeLog.objects.filter(at__gt=job.applied_at)
    if about.filter(_new(job, "subject__pk") | Q(subject__in=present)).exists():
        raise CannotUndo(_("Somebody of this import was changed by hand since."))
    new = Placement.objects.filter(_new(job, "person__pk"))
    if new.exclude(from_on=day).exists() or Placement.objects.filter(person__in=present, from_on__gt=day).exists():
        raise CannotUndo(_("Somebody of this import was placed elsewhere since."))
    if Person.objects.filter(_new(job, "pk"), last_login__isnull=False).exists():
        raise CannotUndo(_("Somebody who came with this import has signed in since."))
    for model, field in _references_to(Person):
        if model not in OWN and model._base_manager.filter(_new(job, f"{field}__pk")).exists():
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


def _restore_people(before: dict[int, Before]) -> None:
    """The values that were overwritten; a set of fields at a time."""
    by_fields: dict[tuple[str, ...], dict[int, list[Any]]] = {}
    for person, old in before.items():
        fields = {"unit_id" if name == "unit" else name: old[name] for name in sorted(old) if name not in OF_MOVES}
        if fields:
            by_fields.setdefault(tuple(fields), {})[person] = list(fields.values())
    _free_emails({person: old["email"] for person, old in before.items() if "email" in old})
    for names, values in by_fields.items():
        columns = dict(zip(names, zip(*values.values(), strict=True), strict=True))
        update(Person, {"id": list(values), **columns}, key=["id"])


def _free_emails(emails: dict[int, str | None]) -> None:
    """So that addresses can come back in any order; CannotUndo if one belongs to somebody else by now."""
    owners = owners_of_emails([email.lower() for email in emails.values() if email])
    if not set(owners.values()) <= emails.keys():
        raise CannotUndo(_("An e-mail address that would come back belongs to somebody else by now."))
    for some in _pieces(list(emails)):
        Person.objects.filter(pk__in=some).update(email=None)


def _take_moves_back(moved: dict[int, Before], day: date) -> None:
    for some in _pieces([person for person, old in moved.items() if "placement" not in old]):
        Placement.objects.filter(person__in=some, from_on=day).delete()
    overwritten = {person: old["placement"] for person, old in moved.items() if "placement" in old}
    columns = {"person_id": list(overwritten), "unit_id": list(overwritten.values()), "from_on": day}
    update(Placement, columns, key=["person_id", "from_on"])
    _reopen([old["transfer"] for old in moved.values() if "transfer" in old])


def _reopen(transfers: list[int]) -> None:
    is_open = {"placed_at__isnull": True, "withdrawn_at__isnull": True}
    for some in _pieces(transfers):
        rows = Transfer.objects.filter(pk__in=some)
        if Transfer.objects.filter(person__in=rows.values("person"), **is_open).exists():
            raise CannotUndo(_("Somebody of this import was released to another agency since."))
        rows.update(placed_in=None, placed_by=None, placed_at=None)


def _delete_people(job: RosterImport) -> int:
    """Nothing refers to them, which was looked at and which the database would refuse: no need to load them."""
    for model in OWN:
        rows: Any = model._base_manager.filter(_new(job, "person__pk"))
        rows._raw_delete(rows.db)
    persons: Any = Person._base_manager.filter(_new(job, "pk"))
    return int(persons._raw_delete(persons.db) or 0)


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
