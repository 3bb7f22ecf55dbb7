"""Imports as jobs: each step once, whoever dies and however often it is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from academy.celery import app
from academy.people.models import ChangeLog, RosterImport, WorkUnit
from academy.people.roster import files, jobs
from academy.people.tasks import work_on_import
from tests.factories import AT, PersonFactory, make_unit
from tests.people.imports.handing_in import UNITS, hand_in

pytestmark = pytest.mark.django_db
LATER = AT + jobs.LEASE + timedelta(seconds=1)


@pytest.fixture
def by():
    return PersonFactory(unit=make_unit("Badan Kepegawaian Daerah"))


@pytest.fixture
def agency(by):
    return by.unit.agency


def units_of(agency) -> int:
    count: int = WorkUnit.objects.filter(agency=agency, depth__gt=2).count()
    return count


def fresh(job: RosterImport) -> RosterImport:
    return RosterImport.objects.get(pk=job.pk)


def test_from_hand_in_to_applied(agency, by):
    job = hand_in(agency, by)
    assert jobs.work_on(job.pk, at=AT)
    job = fresh(job)
    assert (job.state, job.progress, job.lease_until) == ("preview", 100, None)
    assert job.counts == {"read": 3, "new": 2, "changed": 0, "moved": 0, "gone": 0, "unchanged": 0, "refused": 1}
    assert [each["row"] for each in job.samples["refusals"]] == [4]
    assert files.refused_path_of(job).read_text(encoding="utf-8-sig").splitlines() == [
        "Unit Kerja;Induk;Alasan",
        "Bidang X;Dinas Entah;Induk: Tidak ada unit instansi dan tidak ada baris pada berkas ini yang bernama demikian.",
    ]
    assert units_of(agency) == 0
    jobs.confirm(job, deactivate_gone=False, by=by)
    assert jobs.work_on(job.pk, at=AT)
    assert (fresh(job).state, fresh(job).applied_at, units_of(agency)) == ("applied", AT, 1)


def test_refused_rows_can_be_corrected_and_handed_in_again(agency, by):
    job = hand_in(agency, by)
    jobs.work_on(job.pk, at=AT)
    corrected = files.refused_path_of(job).read_text(encoding="utf-8-sig").replace("Dinas Entah", "")
    again = hand_in(agency, by, corrected)
    jobs.work_on(again.pk, at=AT)
    assert (fresh(again).counts["new"], fresh(again).counts["refused"]) == (1, 0)


def test_the_same_file_leads_to_the_same_job_until_somebody_decided(agency, by):
    job = hand_in(agency, by)
    assert hand_in(agency, by) == job
    jobs.work_on(job.pk, at=AT)
    assert hand_in(agency, PersonFactory(unit=by.unit)) == job
    jobs.discard(job)
    assert hand_in(agency, by) != job
    assert hand_in(make_unit().agency, by) != job


def test_every_action_twice_is_once(agency, by):
    job = hand_in(agency, by)
    assert [jobs.work_on(job.pk, at=AT), jobs.work_on(job.pk, at=AT)] == [True, False]
    for _twice in range(2):
        jobs.confirm(job, deactivate_gone=False, by=by)
    assert [jobs.work_on(job.pk, at=AT), jobs.work_on(job.pk, at=AT)] == [True, False]
    jobs.confirm(job, deactivate_gone=False, by=by)
    assert ChangeLog.objects.filter(action="roster_imported").count() == 1
    with pytest.raises(jobs.StandsDifferently, match="Diterapkan"):
        jobs.discard(job)


def test_what_was_put_aside_is_not_applied(agency, by):
    job = hand_in(agency, by)
    jobs.work_on(job.pk, at=AT)
    jobs.discard(job)
    jobs.discard(job)
    with pytest.raises(jobs.StandsDifferently, match="Dikesampingkan"):
        jobs.confirm(job, deactivate_gone=False, by=by)
    assert not jobs.work_on(job.pk, at=AT)
    assert units_of(agency) == 0


def test_a_worker_that_died_is_replaced_when_its_lease_runs_out(agency, by):
    job = hand_in(agency, by)
    RosterImport.objects.filter(pk=job.pk).update(lease_until=AT + jobs.LEASE, tries=1)  # as it left the row
    assert jobs.sweep(at=AT + timedelta(minutes=1)) == 0
    assert jobs.sweep(at=LATER) == 1
    assert fresh(job).state == "preview"


def test_a_file_that_takes_every_worker_down_is_refused_in_the_end(agency, by):
    job = hand_in(agency, by)
    RosterImport.objects.filter(pk=job.pk).update(lease_until=AT + jobs.LEASE, tries=jobs.MOST_TRIES)
    assert jobs.sweep(at=LATER) == 0
    assert fresh(job).state == "refused"
    assert "beberapa kali" in fresh(job).problem


def test_an_undoing_that_fails_too_often_leaves_the_import_applied(agency, by):
    job = hand_in(agency, by)
    jobs.work_on(job.pk, at=AT)
    with pytest.raises(jobs.StandsDifferently):
        jobs.undo(job, by=by)
    jobs.confirm(job, deactivate_gone=False, by=by)
    jobs.work_on(job.pk, at=AT)
    for _twice in range(2):
        jobs.undo(job, by=by)
    RosterImport.objects.filter(pk=job.pk).update(lease_until=AT + jobs.LEASE, tries=jobs.MOST_TRIES)
    assert jobs.sweep(at=LATER) == 0
    assert fresh(job).state == "applied"
    assert "beberapa kali" in fresh(job).problem
    assert units_of(agency) == 1
    jobs.undo(job, by=by)
    assert jobs.sweep(at=LATER) == 1
    assert (fresh(job).state, fresh(job).problem, fresh(job).undone_by) == ("undone", "", by)
    jobs.undo(job, by=by)
    assert fresh(job).state == "undone"


def test_what_was_put_aside_while_it_was_checked_stays_aside(agency, by):
    job = hand_in(agency, by)
    RosterImport.objects.filter(pk=job.pk).update(lease_until=AT + jobs.LEASE, tries=1)
    held = fresh(job)
    jobs.discard(job)
    with pytest.raises(jobs.LeaseLost):
        jobs.examine(held, at=AT)
    assert fresh(job).state == "cancelled"


def test_a_file_that_is_gone_is_asked_for_again(agency, by):
    job = hand_in(agency, by)
    files.path_of(job).unlink()
    jobs.work_on(job.pk, at=AT)
    assert (fresh(job).state, fresh(job).problem) == ("refused", "Berkas ini sudah tidak ada. Silakan unggah lagi.")


def test_a_full_disk_counts_as_no_try(agency, by, settings):
    job = hand_in(agency, by)
    files.refused_path_of(job).mkdir()  # where the refused rows should go
    with pytest.raises(OSError, match="irectory"):
        jobs.work_on(job.pk, at=AT)
    assert (fresh(job).state, fresh(job).tries, fresh(job).lease_until) == ("waiting", 0, AT + jobs.PAUSE)
    files.refused_path_of(job).rmdir()
    assert jobs.sweep(at=AT + jobs.PAUSE) == 1


def test_a_table_of_something_else_is_refused_with_a_sentence(agency, by):
    job = hand_in(agency, by, "Alamat;Kota\nJalan 1;Kupang\n")
    jobs.work_on(job.pk, at=AT)
    assert (fresh(job).state, "Unit Kerja" in fresh(job).problem) == ("refused", True)


def test_a_preview_nobody_decided_on_is_put_aside_after_a_month(agency, by):
    job = hand_in(agency, by)
    jobs.work_on(job.pk, at=AT)
    jobs.sweep(at=AT + files.KEEP_FOR)
    assert fresh(job).state == "cancelled"


def test_the_doorbell_rings_the_task_that_does_the_work(agency, by, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr("academy.doorbell.ring", lambda task, *args: rung.append((task.name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        job = hand_in(agency, by)
    assert rung == [("academy.people.tasks.work_on_import", (job.pk,))]
    assert app.amqp.router.route({}, work_on_import.name)["queue"].name == "long"
    work_on_import(job.pk)
    assert fresh(job).state == "preview"


def test_logs_name_no_people(agency, by, caplog):
    job = hand_in(agency, by, UNITS)
    with caplog.at_level("DEBUG"):
        jobs.sweep(at=AT)
    assert "Bidang" not in caplog.text
    assert job.file_name not in caplog.text
