"""Importing a roster: read, check, plan, and apply in one transaction. Web workers name these functions, only jobs run them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.people.models import Agency, ChangeLog, Person, RosterImport, WorkUnit
from academy.people.models.change_log import record
from academy.people.roster import applying, checks, files, planning, reading, refused
from academy.people.roster.applying import Applying, Overtaken
from academy.people.roster.headings import FIELDS
from academy.people.roster.outcome import COUNTS, Options, Outcome, Refusal, RosterRefused
from academy.people.roster.reading import Table
from academy.people.roster.unit_names import Units
from academy.people.units import ensure_root

__all__ = ["COUNTS", "FIELDS", "Options", "Outcome", "Refusal", "RosterRefused", "import_roster", "write_refused"]

TRIES = 3
# How many people of other agencies an officer may learn of in a day by loading their numbers.
FOREIGN_A_DAY = 500


class TooManyForeign(RosterRefused):
    """The file would tell an officer of more people of other agencies than a day allows."""

    def __init__(self, count: int, message: str) -> None:
        super().__init__(message)
        self.count = count


def import_roster(
    file: Path,
    *,
    agency: Agency,
    options: Options,
    by: Person | None,
    at: datetime,
    dry_run: bool = False,
    job: RosterImport | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Apply the file's good rows to the agency and say what came of every row; RosterRefused if it is refused whole.

    `dry_run` writes nothing about anybody. `strict` refuses every row when one is refused. `progress` is told percents.
    A second call with the same file finds everything unchanged and writes no person. An import that writes anything
    leaves a RosterImport: `job`, or one of its own.
    """
    tell = progress or _nobody
    with reading.no_search_for_cycles():
        table = reading.read(file, options.mapping)
        tell(30)
        return _try_to_import(
            table, file=file, agency=agency, options=options, by=by, at=at, dry_run=dry_run, job=job, tell=tell
        )


def write_refused(file: Path, outcome: Outcome, options: Options, target: Path) -> None:
    """The refused rows of the file, to be corrected and loaded again with the same mapping."""
    sheet = reading.open_sheet(file, options.mapping)
    rows = itertools.islice(enumerate(sheet.rows, 1), sheet.columns.row, None)
    refused.write_refused(target, outcome, sheet.columns.headings, rows)


def _try_to_import(table: Table, **arguments: Any) -> Outcome:
    """All or nothing; once more if somebody else changed the same people in between."""
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _import(table, **arguments)
        except TooManyForeign as refusal:  # logged here: the rollback would have taken the line along
            asked = {name: arguments[name] for name in ("agency", "by", "at")}
            _record_foreign(ChangeLog.Action.FOREIGN_REFUSED, refusal.count, **asked)
            raise
        except (Overtaken, IntegrityError):
            continue
    raise RosterRefused(_("The people of this file were changed by somebody else meanwhile. Load the file again."))


def _nobody(percent: int) -> None:
    """Nobody asked how far it is."""


def _import(
    table: Table,
    *,
    file: Path,
    agency: Agency,
    options: Options,
    by: Person | None,
    at: datetime,
    dry_run: bool,
    job: RosterImport | None,
    tell: Callable[[int], None],
) -> Outcome:
    if not dry_run:
        Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
    today = timezone.localdate(at, ZoneInfo(agency.time_zone))
    made = planning.plan(checks.check(table), agency=agency, units=Units.of(agency, on=today), options=options)
    outcome = planning.outcome(made)
    tell(50)
    strictly_refused = options.strict and outcome.refused > 0
    if made.foreign and (not dry_run or by):
        _log_foreign(made.foreign, agency=agency, by=by, at=at)
    if strictly_refused:
        return replace(outcome, new=0, changed=0, moved=0, gone=0, unchanged=0, refused=outcome.read, samples={})
    if not dry_run:
        gone = outcome.gone if options.deactivate_gone else 0
        if outcome.new or outcome.changed or outcome.moved or gone:
            job = job or _job_of_its_own(file, agency=agency, options=options, by=by, at=at)
            work = Applying(made, agency, by, at, today, job)
            applying.apply(work, deactivate_gone=options.deactivate_gone, progress=tell)
        _finish(job, outcome, gone=gone, agency=agency, by=by, at=at)
    return outcome


def _job_of_its_own(file: Path, *, agency: Agency, options: Options, by: Person | None, at: datetime) -> RosterImport:
    chosen = {"create_units": options.create_units, "deactivate_gone": options.deactivate_gone}
    kind = RosterImport.Kind.PEOPLE
    return files.record(file, agency=agency, kind=kind, by=by, at=at, mapping=dict(options.mapping), **chosen)


def _finish(
    job: RosterImport | None, outcome: Outcome, *, gone: int, agency: Agency, by: Person | None, at: datetime
) -> None:
    """The line in the log, where `gone` are those who were made inactive, and the state of the import."""
    detail: dict[str, Any] = outcome.counts() | {"gone": gone} | ({"import": job.pk} if job else {})
    record(ChangeLog.Action.ROSTER_IMPORTED, by=by, at=at, unit=ensure_root(agency), **detail)
    if job:
        applied = {"state": RosterImport.State.APPLIED, "applied_at": at, "lease_until": None, "tries": 0}
        RosterImport.objects.filter(pk=job.pk).update(**applied, **outcome.facts())


def _log_foreign(count: int, *, agency: Agency, by: Person | None, at: datetime) -> None:
    """That a NIP belongs to another agency may be said to who loads it: logged, and bounded for an officer."""
    if by:
        today = ChangeLog.objects.filter(action=ChangeLog.Action.FOREIGN_NIP, actor=by, at__gt=at - timedelta(days=1))
        if sum(line.detail.get("count", 0) for line in today) + count > FOREIGN_A_DAY:
            raise TooManyForeign(
                count,
                _(
                    "Very many numbers of the file belong to other agencies. Is it the file of this agency? Ask the operator, or try again tomorrow."
                ),
            )
    _record_foreign(ChangeLog.Action.FOREIGN_NIP, count, agency=agency, by=by, at=at)


def _record_foreign(action: ChangeLog.Action, count: int, *, agency: Agency, by: Person | None, at: datetime) -> None:
    root = WorkUnit.objects.filter(agency=agency, depth=1).first()
    record(action, by=by, at=at, unit=root, count=count)
