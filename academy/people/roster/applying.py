"""Writing a plan: people, placements, transfers and the record of it, as sets and not one by one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH

from academy.people.models import Agency, Person, Placement, RosterChange, RosterImport, Transfer, WorkUnit
from academy.people.roster import unit_names
from academy.people.roster.planning import TEXTS, Plan
from academy.people.roster.upserting import allot_keys, insert, upsert
from academy.people.signals import placed
from academy.people.units import ensure_root

UPDATED = (*TEXTS, "kind", "is_active", "unit_id")


class Overtaken(Exception):
    """Somebody changed the same people meanwhile: plan again."""


@dataclass(frozen=True)
class Applying:
    """What all steps need to know."""

    plan: Plan
    agency: Agency
    by: Person | None
    at: datetime
    today: date
    job: RosterImport


def apply(work: Applying, *, deactivate_gone: bool, progress: Callable[[int], None]) -> None:
    """Everything the plan says, inside the caller's transaction, which has locked the agency."""
    made = _make_units(work)
    rows = work.plan.rows("new", "moved", "changed")
    gone = work.plan.gone if deactivate_gone else []
    _lock_present(work.plan, gone)
    keys = _write_people(work, rows, made)
    progress(60)
    settled = work.plan.kinds[rows] != "changed"
    before = _same_day_placements(work, rows)
    _write_placements(
        work,
        keys[settled],
        _unit_keys(work.plan.units[rows[settled]], made),
        fresh=work.plan.kinds[rows[settled]] == "new",
    )
    _close_transfers(work, made)
    gone_keys = [work.plan.existing.columns["id"][place] for place in gone]
    for start in range(0, len(gone), 1000):
        Person.objects.filter(pk__in=gone_keys[start : start + 1000]).update(is_active=False)
    progress(80)
    _write_changes(work, rows, keys, before=before, gone=gone_keys, made=made)
    moved = [int(key) for key in keys[work.plan.kinds[rows] == "moved"]]
    if moved:
        placed.send(sender=Placement, person_ids=moved)
    progress(95)


def _make_units(work: Applying) -> dict[unit_names.Pair, WorkUnit]:
    if not work.plan.units_by_name.missing:
        return {}
    return unit_names.make(work.plan.units_by_name, root=ensure_root(work.agency))


def _unit_keys(units: Any, made: dict[unit_names.Pair, WorkUnit]) -> list[int]:
    if not made:
        return list(units)
    keys = {pair: unit.pk for pair, unit in made.items()}
    return [keys[unit] if isinstance(unit, tuple) else unit for unit in units]


def _write_people(work: Applying, rows: Any, made: dict[unit_names.Pair, WorkUnit]) -> Any:
    """Insert the new, update the others by their key; the keys in the order of `rows`."""
    import numpy as np

    plan = work.plan
    fresh = plan.people[rows] < 0
    keys = np.zeros(len(rows), dtype=object)
    keys[~fresh] = plan.existing.columns["id"][plan.people[rows[~fresh]]]
    keys[fresh] = allot_keys(Person, int(fresh.sum()))
    if fresh.any():
        insert(Person, _columns(work, rows[fresh], keys[fresh], made))
    if not fresh.all():
        upsert(Person, _columns(work, rows[~fresh], keys[~fresh], made), key=["id"], update=UPDATED)
    return keys


def _columns(work: Applying, rows: Any, keys: Any, made: dict[unit_names.Pair, WorkUnit]) -> dict[str, Any]:
    columns: dict[str, Any] = {"id": keys, "nip": work.plan.checked.columns["nip"][rows]}
    columns |= {name: work.plan.value(name, rows) for name in (*TEXTS, "kind", "is_active")}
    columns["unit_id"] = _unit_keys(work.plan.units[rows], made)
    columns["password"] = _unusable_passwords(len(rows))
    return columns | {"is_superuser": False, "is_staff": False, "joined_at": work.at}


def _lock_present(plan: Plan, gone: list[int]) -> None:
    """Whoever is written must still be where the plan found them: another agency may have placed them meanwhile."""
    places = [*plan.people[plan.rows("moved", "changed")], *gone]
    known = plan.existing.columns
    units = {known["id"][place]: known["unit_id"][place] for place in places}
    keys = sorted(units)  # in one order, as everybody locks people
    for start in range(0, len(keys), 1000):
        some = keys[start : start + 1000]
        locked = Person.objects.filter(pk__in=some).order_by("pk").select_for_update(no_key=True)
        if dict(locked.values_list("pk", "unit")) != {pk: units[pk] for pk in some}:
            raise Overtaken


def _unusable_passwords(count: int) -> list[str]:
    """As make_password(None) makes them, from one call for randomness."""
    size = UNUSABLE_PASSWORD_SUFFIX_LENGTH
    random = secrets.token_hex(count * size // 2 + 1)
    return [UNUSABLE_PASSWORD_PREFIX + random[at * size : (at + 1) * size] for at in range(count)]


def _same_day_placements(work: Applying, rows: Any) -> dict[int, int | None]:
    """Person → unit of a placement that began today already, for those who move: what is overwritten."""
    people = work.plan.people[work.plan.rows("moved")]
    keys = list(work.plan.existing.columns["id"][people]) if len(people) else []
    found: dict[int, int | None] = {}
    for start in range(0, len(keys), 1000):
        some = Placement.objects.filter(person__in=keys[start : start + 1000], from_on=work.today)
        found |= dict(some.values_list("person", "unit"))
    return found


def _write_placements(work: Applying, people: Any, units: list[int], *, fresh: Any) -> None:
    """From today on. Only who was here before can have a placement of today already."""
    import numpy as np

    units_of = np.array(units, dtype=object)
    for write, mask in ((insert, fresh), (_replace, ~fresh)):
        if mask.any():
            write(Placement, {"person_id": people[mask], "unit_id": units_of[mask], "from_on": work.today})


def _replace(model: type[Placement], columns: dict[str, Any]) -> None:
    upsert(
        model,
        columns | {"id": allot_keys(model, len(columns["person_id"]))},
        key=["person_id", "from_on"],
        update=["unit_id"],
    )


def _close_transfers(work: Applying, made: dict[unit_names.Pair, WorkUnit]) -> None:
    """The transfers of those who arrived are placed; one that was withdrawn meanwhile stops everything."""
    plan = work.plan
    for row in plan.rows("moved") if plan.transfers else ():
        transfer = plan.transfers.get(int(plan.people[row]))
        if transfer is None:
            continue
        waiting = Transfer.objects.filter(pk=transfer, placed_at__isnull=True, withdrawn_at__isnull=True)
        unit = _unit_keys([plan.units[row]], made)[0]
        if not waiting.update(placed_in=unit, placed_by=work.by, placed_at=work.at):
            raise Overtaken


def _write_changes(
    work: Applying,
    rows: Any,
    keys: Any,
    *,
    before: dict[int, int | None],
    gone: list[int],
    made: dict[unit_names.Pair, WorkUnit],
) -> None:
    """What undoing needs: who and what is new, and for each person who was there the values that were overwritten."""
    plan, kinds = work.plan, work.plan.kinds[rows]
    written = [(int(row), int(key)) for row, key in zip(rows[kinds != "new"], keys[kinds != "new"], strict=True)]
    columns = {
        "kind": [str(plan.kinds[row]) for row, _key in written],
        "person_id": [key for _row, key in written],
        "before": [_before(plan, row, int(plan.people[row]), before) for row, _key in written],
    }
    shared = {"roster_import_id": work.job.pk}
    insert(RosterChange, columns | shared)
    kind = RosterChange.Kind.GONE.value
    insert(RosterChange, {"person_id": gone, "kind": kind, "before": {"is_active": True}} | shared)
    kind = RosterChange.Kind.NEW.value
    insert(RosterChange, {"unit_id": [unit.pk for unit in made.values()], "kind": kind, "before": {}} | shared)
    RosterImport.objects.filter(pk=work.job.pk).update(new_people=_ranges(keys[kinds == "new"]))


def _ranges(keys: Iterable[int]) -> list[list[int]]:
    """First and last of each run of neighbours. `keys` are in order."""
    ranges: list[list[int]] = []
    for key in keys:
        if ranges and ranges[-1][1] == key - 1:
            ranges[-1][1] = int(key)
        else:
            ranges.append([int(key), int(key)])
    return ranges


def _before(plan: Plan, row: int, place: int, same_day: dict[int, int | None]) -> dict[str, Any]:
    known = plan.existing.columns
    old: dict[str, Any] = {name: known[name][place] for name, rows in plan.changed.items() if rows[row]}
    if plan.kinds[row] == "moved":
        old["unit"] = known["unit_id"][place]
        if known["id"][place] in same_day:
            old["placement"] = same_day[known["id"][place]]
        if place in plan.transfers:
            old["transfer"] = plan.transfers[place]
    return old
