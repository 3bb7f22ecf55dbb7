"""Workers killed while they apply or undo an import: nothing of it stands, and another one does it once (P1)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable

import pytest
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.utils import timezone

from academy import doorbell
from academy.people.models import Agency, ChangeLog, Person, RosterChange, RosterImport, WorkUnit
from academy.people.roster import files, jobs
from academy.people.tasks import work_on_owed_imports
from tests.end_to_end.workers import Worker
from tests.factories import make_hr, make_unit
from tests.people.roster.files import everything, line, load, make_agency, write_csv

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
ROWS, KNOWN = 24_000, 4000
WITHIN_SECONDS = 240  # a few where the machine has nothing else to do
SECONDS_INTO_THE_WRITING = (0, 0.1)


def hand_in(agency: Agency, by: Person, folder) -> RosterImport:
    """A roster that moves, changes and brings people, looked at and confirmed."""
    rows = [line(number, Golongan="IV/a") for number in range(0, KNOWN, 2)]
    rows += [line(number, Unit_Kerja="Inspektorat Daerah") for number in range(1, KNOWN, 2)]
    rows += [line(number) for number in range(KNOWN, ROWS)]
    path = write_csv(folder, rows)
    with path.open("rb") as stream:
        kept = files.keep(UploadedFile(File(stream), name=path.name, size=path.stat().st_size))
    job = jobs.hand_in(kept, agency=agency, kind=RosterImport.Kind.PEOPLE, by=by, at=timezone.now())
    jobs.work_on(job.pk, at=timezone.now())
    job.refresh_from_db()
    jobs.confirm(job, deactivate_gone=False, by=by)
    return job


def wait_for(job: RosterImport, worker: Worker, arrived: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if arrived():
            return
        time.sleep(0.02)
    pytest.fail(f"{job.state}, {job.progress}%, {job.problem}\n{(worker.folder / 'worker.log').read_text()[-3000:]}")


def somebody_writes_people() -> bool:
    """Whether another process is in a transaction that writes people (on SQLite, that may write anything)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE relation = 'people_person'::regclass"
                " AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()"
            )
            return bool(cursor.fetchone()[0])
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def kill_in_the_step(job: RosterImport, worker: Worker, begun: Callable[[], bool]) -> None:
    """Twice, a little way into the writing; what is owed and everything about people is as it was."""
    before, owed = everything(), job.state
    for tries, seconds in enumerate(SECONDS_INTO_THE_WRITING, 1):
        worker.start("long")
        wait_for(job, worker, lambda: begun() and somebody_writes_people())
        time.sleep(seconds)
        worker.kill()
        job.refresh_from_db()
        assert (job.state, job.tries, job.lease_until is not None) == (owed, tries, True), "killed too late"
        assert everything() == before
        # Until the lease of the dead runs out nobody else begins.
        assert jobs.sweep(at=timezone.now()) == 0
        RosterImport.objects.filter(pk=job.pk).update(lease_until=timezone.now(), progress=0)
        doorbell.ring(work_on_owed_imports)


def finish(job: RosterImport, worker: Worker, state: RosterImport.State) -> None:
    worker.start("long")
    wait_for(job, worker, lambda: job.state == state)
    worker.kill()


def test_an_import_and_its_undoing_outlive_their_workers(worker: Worker, tmp_path):
    agency = make_agency()
    make_unit("Inspektorat Daerah", agency=agency)
    by = make_hr(WorkUnit.objects.get(agency=agency, depth=1), nip=None)
    load(write_csv(tmp_path, [line(number) for number in range(KNOWN)]), agency)
    before = everything()

    job = hand_in(agency, by, tmp_path)
    kill_in_the_step(job, worker, lambda: job.progress >= 30)  # the file is read, the rest is one transaction
    finish(job, worker, RosterImport.State.APPLIED)
    assert (job.counts["changed"], job.counts["moved"], job.counts["new"]) == (KNOWN / 2, KNOWN / 2, ROWS - KNOWN)
    assert Person.objects.count() == ROWS + 1
    assert RosterChange.objects.filter(roster_import=job).count() == KNOWN
    assert ChangeLog.objects.filter(action="roster_imported", detail__import=job.pk).count() == 1

    jobs.undo(job, by=by)
    kill_in_the_step(job, worker, lambda: job.lease_until is not None and job.lease_until > timezone.now())
    finish(job, worker, RosterImport.State.UNDONE)
    assert everything() == before
    assert ChangeLog.objects.filter(action="roster_undone").count() == 1
