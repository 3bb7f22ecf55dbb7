"""Writing a plan: people, placements, transfers and the record of it, as sets and not one by one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
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
    job: RosterImport | None


def apply(work: Applying, *, deactivate_gone: bool, progress: Callable[[int], None]) -> None:
    """Everything the plan says, inside the caller's transaction, which has locked the agency."""
    made = _make_units(work)
    rows = work.plan.rows("new", "moved", "changed")
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
    gone = [work.plan.existing.columns["id"][place] for place in work.plan.gone] if deactivate_gone else []
    for start in range(0, len(gone), 1000):
        Person.objects.filter(pk__in=gone[start : start + 1000]).update(is_active=False)
    progress(80)
    if work.job:
        _write_changes(work, work.job, rows, keys, before=before, gone=gone, made=made)
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
    _lock_moved(plan)
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


def _lock_moved(plan: Plan) -> None:
    """Who moves must still be where the plan found them: two agencies may ask for one person at once."""
    people = plan.people[plan.rows("moved")]
    units = dict(zip(plan.existing.columns["id"][people], plan.existing.columns["unit_id"][people], strict=True))
    keys = list(units)
    for start in range(0, len(keys), 1000):
        some = Person.objects.filter(pk__in=keys[start : start + 1000]).order_by("pk").select_for_update(no_key=True)
        if any(units[pk] != unit for pk, unit in some.values_list("pk", "unit")):
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
    job: RosterImport,
    rows: Any,
    keys: Any,
    *,
    before: dict[int, int | None],
    gone: list[int],
    made: dict[unit_names.Pair, WorkUnit],
) -> None:
    """One row per person and unit, with the values it overwrote: what undoing needs."""
    plan = work.plan
    changes = [RosterChange(roster_import=job, kind=RosterChange.Kind.NEW, unit=unit) for unit in made.values()]
    for row, key in zip(rows, keys, strict=True):
        kind = plan.kinds[row]
        old = {} if kind == "new" else _before(plan, int(row), int(plan.people[row]), kind == "moved", before)
        changes.append(RosterChange(roster_import=job, kind=kind, person_id=int(key), before=old))
    gone_kind = RosterChange.Kind.GONE
    changes += [
        RosterChange(roster_import=job, kind=gone_kind, person_id=key, before={"is_active": True}) for key in gone
    ]
    RosterChange.objects.bulk_create(changes, batch_size=2000)


def _before(plan: Plan, row: int, place: int, moved: bool, same_day: dict[int, int | None]) -> dict[str, Any]:
    known = plan.existing.columns
    old: dict[str, Any] = {name: known[name][place] for name, rows in plan.changed.items() if rows[row]}
    if moved:
        old["unit"] = known["unit_id"][place]
        if known["id"][place] in same_day:
            old["placement"] = same_day[known["id"][place]]
        if place in plan.transfers:
            old["transfer"] = plan.transfers[place]
    return old
