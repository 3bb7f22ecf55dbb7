"""Importing a unit tree: thousands of units in a handful of statements, and taking them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from academy.people import units
from academy.people.models import Agency, ChangeLog, Person, RosterChange, RosterImport, WorkUnit
from academy.people.models.change_log import record
from academy.people.roster import files
from academy.people.roster.outcome import Outcome, RosterRefused
from academy.people.roster.undoing import CannotUndo, finished
from academy.people.roster.unit_files import key, read
from academy.people.roster.unit_plan import Node, Plan, make_plan
from academy.people.roster.upserting import insert

BATCH = 500


def import_units(
    file: Path,
    *,
    agency: Agency,
    by: Person | None,
    at: datetime,
    dry_run: bool = False,
    job: RosterImport | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Add the units that are missing; one transaction. What exists stays as it is, nothing is moved or closed.

    RosterRefused if the file is no table of units. A repeat finds everything unchanged. An import that adds any leaves
    a RosterImport: `job`, or one of its own.
    """
    rows = read(file)
    if progress:
        progress(50)
    if dry_run:
        return make_plan(rows, tree_of(agency)).outcome()
    with transaction.atomic():
        root = units.ensure_root(agency)
        plan = make_plan(rows, tree_of(agency))
        created = _write(plan, agency)
        outcome = plan.outcome()
        detail: dict[str, Any] = {"kind": "units", "new_units": outcome.new}
        if created and job is None:
            job = files.record(file, agency=agency, kind=RosterImport.Kind.UNITS, by=by, at=at)
        if job is not None:
            _finish(job, created, outcome, at=at)
            detail["import"] = job.pk
        record(ChangeLog.Action.ROSTER_IMPORTED, by=by, at=at, unit=root, **detail)
    return outcome


@transaction.atomic
def undo_units(job: RosterImport, *, at: datetime) -> int:
    """Delete the units this import made, if nothing stands on them; how many. A repeat deletes none."""
    Agency.objects.select_for_update(no_key=True).get(pk=job.agency_id)
    job = RosterImport.objects.select_for_update().get(pk=job.pk)
    if job.state == RosterImport.State.UNDONE:
        return 0
    if job.state != RosterImport.State.UNDOING:
        raise CannotUndo(_("Only an import that was applied can be undone."))
    made = WorkUnit.objects.filter(pk__in=job.changes.filter(kind=RosterChange.Kind.NEW).values("unit"))
    paths = set(made.values_list("path", flat=True))
    for path in WorkUnit.objects.filter(agency=job.agency_id).values_list("path", flat=True):
        if path not in paths and any(above in paths for above in _above(path)):
            raise CannotUndo(_("Other units were hung below units of this import since."))
    orphaned = Counter(path[: -WorkUnit.steplen] for path in paths if path[: -WorkUnit.steplen] not in paths)
    try:
        models.QuerySet.delete(made)  # treebeard's own looks at each of thousands of units
    except ProtectedError as error:
        used = Counter(str(each._meta.verbose_name_plural) for each in error.protected_objects)
        raise CannotUndo(
            _("Units of this import are in use: %(uses)s.")
            % {"uses": ", ".join(f"{name} ({count})" for name, count in sorted(used.items()))}
        ) from error
    _count_children({path: -count for path, count in orphaned.items()})
    finished(job, at=at)
    root = units.ensure_root(job.agency)
    detail: dict[str, Any] = {"kind": "units", "count": len(paths), "import": job.pk}
    record(ChangeLog.Action.ROSTER_UNDONE, by=job.undone_by, at=at, unit=root, **detail)
    return len(paths)


def tree_of(agency: Agency) -> Node:
    """The agency's units, closed ones included, in one query; a root that is not there yet is imagined."""
    root = Node(name=agency.name, parent=None)
    by_path: dict[str, Node] = {}
    rows = WorkUnit.objects.filter(agency=agency).order_by("path")
    for pk, path, name, closed_on in rows.values_list("pk", "path", "name", "closed_on"):
        parent = by_path.get(path[: -WorkUnit.steplen])
        node = Node(name=name, parent=parent, pk=pk, path=path, closed=closed_on is not None)
        by_path[path] = node
        if parent is None:
            root = node
        elif key(name) not in parent.children or parent.children[key(name)].closed:
            parent.children[key(name)] = node
    return root


def _write(plan: Plan, agency: Agency) -> list[WorkUnit]:
    """Insert the new units with their paths, and correct the counts of children of those that were there before."""
    last = _last_steps(agency)
    children = Counter(node.parent for node in plan.new)
    made = []
    for node in plan.new:
        parent = node.parent
        if parent is None:
            continue
        step = last[parent.path] = last.get(parent.path, 0) + 1
        depth = len(parent.path) // WorkUnit.steplen + 1
        node.path = WorkUnit._get_path(parent.path, depth, step)
        made.append(WorkUnit(agency=agency, name=node.name, path=node.path, depth=depth, numchild=children[node]))
    created: list[WorkUnit] = models.QuerySet.bulk_create(WorkUnit.objects.all(), made, batch_size=BATCH)
    _count_children({parent.path: count for parent, count in children.items() if parent is not None and parent.pk})
    return created


def _last_steps(agency: Agency) -> dict[str, int]:
    """Path of a unit → the highest step among its children; siblings sort by their path, so the last one wins."""
    paths = WorkUnit.objects.filter(agency=agency).order_by("path").values_list("path", flat=True)
    return {path[: -WorkUnit.steplen]: WorkUnit._str2int(path[-WorkUnit.steplen :]) for path in paths}


def _count_children(differences: dict[str, int]) -> None:
    """Path of a unit → how many children it has more (or fewer); one statement for each size of difference."""
    by_size: dict[int, list[str]] = {}
    for path, difference in differences.items():
        by_size.setdefault(difference, []).append(path)
    for difference, paths in by_size.items():
        for start in range(0, len(paths), BATCH):
            WorkUnit.objects.filter(path__in=paths[start : start + BATCH]).update(numchild=F("numchild") + difference)


def _finish(job: RosterImport, created: list[WorkUnit], outcome: Outcome, *, at: datetime) -> None:
    changed = RosterImport.objects.filter(pk=job.pk, state=RosterImport.State.CONFIRMED).update(
        state=RosterImport.State.APPLIED, applied_at=at, lease_until=None, tries=0, **outcome.facts()
    )
    if not changed:  # somebody else was faster; nothing of ours stays
        raise RosterRefused(_("This import was applied already."))
    kind = RosterChange.Kind.NEW.value
    shared = {"roster_import_id": job.pk, "kind": kind, "before": {}}
    insert(RosterChange, {"unit_id": [unit.pk for unit in created], **shared})


def _above(path: str) -> Iterable[str]:
    return (path[:length] for length in range(WorkUnit.steplen, len(path), WorkUnit.steplen))
