"""Imports as jobs: rows are the queue. A file is handed in, checked, confirmed by a person, applied, perhaps undone.

Taking back is a step like the others, and it is not given up half way: the import is undone whole or stays applied.
A worker claims a row by a conditional update and holds it under a lease; what it was doing when it died is done again
when the lease runs out, at most MOST_TRIES times. Every action says nothing new when it is called twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from academy import doorbell
from academy.people.models import Agency, Person, RosterImport
from academy.people.roster import files, kinds
from academy.people.roster.outcome import RosterRefused
from academy.people.roster.undoing import CannotUndo

log = logging.getLogger(__name__)

State = RosterImport.State
LEASE = timedelta(minutes=15)  # longer than the largest file takes
PAUSE = timedelta(minutes=1)  # before a step that failed is tried again
MOST_TRIES = 3
OPEN = [State.WAITING, State.MAPPING, State.PREVIEW]  # nobody decided yet


class StandsDifferently(Exception):
    """The import is no longer in the state this action needs; the message says what it is now."""

    def __init__(self, job: RosterImport) -> None:
        super().__init__(_("This import stands differently meanwhile: %(state)s.") % {"state": job.get_state_display()})


class LeaseLost(Exception):
    """Somebody else took the job over, or put it aside, while this worker was at it."""


@transaction.atomic
def hand_in(
    kept: files.Kept, *, agency: Agency, kind: RosterImport.Kind, create_units: bool = False, by: Person, at: datetime
) -> RosterImport:
    """The job for this file. While nobody decided on it, the same file with the same options leads to the same job."""
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks; not the agency, which an import may hold
    same = {"agency": agency, "kind": kind, "sha256": kept.sha256, "create_units": create_units}
    job = RosterImport.objects.filter(state__in=OPEN, **same).first()
    if job is None:
        job = RosterImport.objects.create(by=by, at=at, file_name=kept.name, **same)
    _ring_after_commit(job)
    return job


@transaction.atomic
def choose_columns(job: RosterImport, *, mapping: Mapping[str, str]) -> None:
    """Have the file checked again with these headings (heading → field)."""
    changed = RosterImport.objects.filter(pk=job.pk, state__in=[State.MAPPING, State.PREVIEW]).update(
        mapping=dict(mapping), **_AFRESH, state=State.WAITING, problem=""
    )
    job.refresh_from_db()
    if changed:
        _ring_after_commit(job)
    elif job.state != State.WAITING or job.mapping != dict(mapping):
        raise StandsDifferently(job)


@transaction.atomic
def confirm(job: RosterImport, *, deactivate_gone: bool, by: Person) -> None:
    """Let the import be applied; whoever confirms answers for it."""
    changed = RosterImport.objects.filter(pk=job.pk, state=State.PREVIEW).update(
        **_AFRESH, state=State.CONFIRMED, deactivate_gone=deactivate_gone, by=by
    )
    job.refresh_from_db()
    if changed:
        _ring_after_commit(job)
    elif job.state not in {State.CONFIRMED, State.APPLIED}:
        raise StandsDifferently(job)


def discard(job: RosterImport) -> None:
    """Put the file aside; nothing of it was applied. What is being applied already can only be undone."""
    RosterImport.objects.filter(pk=job.pk, state__in=OPEN).update(state=State.CANCELLED, lease_until=None)
    job.refresh_from_db()
    if job.state != State.CANCELLED:
        raise StandsDifferently(job)


@transaction.atomic
def undo(job: RosterImport, *, by: Person) -> None:
    """Let everything the import did be taken back; whoever asks for it answers for it."""
    changed = RosterImport.objects.filter(pk=job.pk, state=State.APPLIED).update(
        **_AFRESH, state=State.UNDOING, undone_by=by, problem=""
    )
    job.refresh_from_db()
    if changed:
        _ring_after_commit(job)
    elif job.state not in {State.UNDOING, State.UNDONE}:
        raise StandsDifferently(job)


def work_on(job_id: int, *, at: datetime) -> bool:
    """Do the step that is owed, if nobody else is at it; whether it was done. Errors leave it owed."""
    _give_up(at=at)
    lease_until = at + LEASE
    claimed = _free(at=at).filter(pk=job_id).update(lease_until=lease_until, tries=F("tries") + 1)
    if not claimed:
        return False
    job = RosterImport.objects.select_related("agency", "by").get(pk=job_id)
    step = {State.WAITING: examine, State.CONFIRMED: apply_confirmed, State.UNDOING: take_back}[State(job.state)]
    try:
        step(job, at=at)
    except LeaseLost:
        return False
    except Exception as error:
        # Whatever it was, the row must not stay ours until the lease ends; the caller gets to see it all the same.
        # A full disk or a database that is away is not the file's fault and counts as no try.
        blameless = isinstance(error, OSError | OperationalError)
        _under(job).update(lease_until=at + PAUSE, tries=F("tries") - (1 if blameless else 0))
        raise
    return True


def sweep(*, at: datetime) -> int:
    """Do what is owed and no message announced; how many steps. What fails is logged and does not stop the others."""
    _give_up(at=at)
    forgotten = RosterImport.objects.filter(state__in=[State.MAPPING, State.PREVIEW], at__lte=at - files.KEEP_FOR)
    forgotten.update(state=State.CANCELLED)
    done = 0
    for job_id in list(_free(at=at).order_by("tries", "at", "pk").values_list("pk", flat=True)):
        try:
            done += work_on(job_id, at=at)
        except Exception:  # whatever is wrong with one file, the others are still owed theirs
            log.exception("Import %s cannot be worked on", job_id)
    return done


def examine(job: RosterImport, *, at: datetime) -> None:
    """Find out what the file would do; nothing of it is written."""
    try:
        outcome = kinds.run(job, at=at, dry_run=True, progress=_progress_of(job))
    except RosterRefused as refusal:
        _under(job).update(**_after_refusal(job, refusal))
        return
    kinds.keep_refused(job, outcome)
    _under(job).update(**outcome.facts(), state=State.PREVIEW, headings=[], lease_until=None, tries=0)


def apply_confirmed(job: RosterImport, *, at: datetime) -> None:
    """Write what the file says. The engine says so in the row, in the transaction that writes."""
    try:
        outcome = kinds.run(job, at=at, dry_run=False, progress=_progress_of(job))
    except RosterRefused as refusal:  # what it rests on has changed since the preview
        _under(job).update(**_after_refusal(job, refusal))
        return
    kinds.keep_refused(job, outcome)


def take_back(job: RosterImport, *, at: datetime) -> None:
    """Undo the import; the row says so in the same transaction. What was built on it keeps it applied."""
    try:
        kinds.undo(job, at=at)
    except CannotUndo as refusal:
        _under(job).update(state=State.APPLIED, problem=str(refusal), lease_until=None, tries=0)


_AFRESH: dict[str, Any] = {"lease_until": None, "tries": 0, "progress": 0}


def _free(*, at: datetime) -> QuerySet[RosterImport]:
    return RosterImport.objects.owed().filter(Q(lease_until=None) | Q(lease_until__lte=at))


def _under(job: RosterImport) -> QuerySet[RosterImport]:
    """The row, if it is still ours: same state, same lease."""
    return RosterImport.objects.filter(pk=job.pk, state=job.state, lease_until=job.lease_until)


def _give_up(*, at: datetime) -> None:
    """What failed too often, or took its worker down with it, is refused instead of tried for ever."""
    failing = _free(at=at).filter(tries__gte=MOST_TRIES)
    failing.filter(state=State.UNDOING).update(
        state=State.APPLIED,
        lease_until=None,
        problem=_(
            "This import could not be undone, even when tried several times. It is still applied. "
            "Ask the operator to look into the log."
        ),
    )
    failing.update(
        state=State.REFUSED,
        lease_until=None,
        problem=_(
            "This file could not be worked on, even when tried several times. Nothing of it was applied. "
            "Split it into smaller files, or ask the operator to look into the log."
        ),
    )


def _after_refusal(job: RosterImport, refusal: RosterRefused) -> dict[str, Any]:
    """Unknown headings are asked for; anything else refuses the file."""
    asks = bool(refusal.missing)
    return {
        "state": State.MAPPING if asks and job.kind == RosterImport.Kind.PEOPLE else State.REFUSED,
        "problem": str(refusal),
        "headings": list(refusal.headings),
        "samples": {"missing": list(refusal.missing)} if asks else {},
        "lease_until": None,
        "tries": 0,
    }


def _progress_of(job: RosterImport) -> Callable[[int], None]:
    """Writes the percentage in an update of its own; LeaseLost stops the work when the job is no longer ours.

    Inside the writing transaction, where nobody would see it, only the lease is looked at.
    """
    outside = _depth()
    last = 0

    def report(percent: int) -> None:
        nonlocal last
        if _depth() != outside:
            ours = _under(job).exists()
        else:
            last = max(last, min(percent, 99))
            ours = bool(_under(job).update(progress=last))
        if not ours:
            raise LeaseLost

    return report


def _depth() -> tuple[bool, int]:
    return connection.in_atomic_block, len(connection.savepoint_ids)


def _ring_after_commit(job: RosterImport) -> None:
    from academy.people.tasks import work_on_import  # the task calls this module

    transaction.on_commit(lambda: doorbell.ring(work_on_import, job.pk), robust=True)
