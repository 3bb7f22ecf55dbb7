"""A roster of people by way of the pages, with the real engine behind them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction

from academy.people import units
from academy.people.models import ChangeLog, Person, RosterImport
from academy.people.roster import files, jobs
from tests.factories import AT, PersonFactory, make_hr, make_nip, make_unit
from tests.people.imports.handing_in import hand_in, signed_in, upload
from tests.people.imports.test_pages import text

pytestmark = pytest.mark.django_db
NEW, KNOWN, FOREIGN, GONE = (make_nip(number) for number in (501, 502, 503, 504))
HEADINGS = "NIP;Nama;Unit Kerja;Golongan"


@pytest.fixture
def unit():
    return make_unit("Dinas Kominfo")


@pytest.fixture
def officer(unit):
    return make_hr(units.ensure_root(unit.agency), nip=make_nip(500))


@pytest.fixture
def client(officer):
    return signed_in(officer)


@pytest.fixture
def known(unit):
    PersonFactory(unit=unit, nip=GONE, name="Yosef Pergi")
    PersonFactory(nip=FOREIGN, name="Orang Lain")
    return PersonFactory(unit=unit, nip=KNOWN, name="Maria Lama", grade="III/a")


def roster(unit, officer) -> str:
    return "\n".join(
        (
            HEADINGS,
            f"{NEW};Petrus Baru;Dinas Kominfo;III/a",
            f"{KNOWN};Maria Lama;Dinas Kominfo;III/b",
            f"{FOREIGN};Orang Lain;Dinas Kominfo;III/a",
            f"{officer.nip};{officer.name};{unit.agency.name};III/a",
            "123;Salah Ketik;Dinas Kominfo;III/a",
        )
    )


def worked(job: RosterImport) -> RosterImport:
    assert jobs.work_on(job.pk, at=AT)
    job.refresh_from_db()
    return job


def test_from_the_form_to_the_roster_and_back(client, unit, officer, known):
    address = client.post("/laporan/pegawai/impor/", {"file": upload(roster(unit, officer), "pegawai.csv")}).url
    job = worked(RosterImport.objects.get())
    assert (job.state, job.counts["read"], job.counts["new"], job.counts["refused"]) == ("preview", 5, 1, 2)
    assert job.counts["gone"] == 1
    page = client.get(address)
    assert KNOWN in page.content.decode()
    assert "milik pegawai instansi lain" in text(page) or "instansi lain" in text(page)
    assert "1 pegawai instansi tidak ada di berkas" in text(page)
    assert not Person.objects.filter(nip=NEW).exists()
    client.post(address + "terapkan/", {"gone": "deactivate"})
    worked(job)
    assert job.state == "applied"
    assert Person.objects.get(nip=NEW).unit == unit
    assert (Person.objects.get(nip=KNOWN).grade, Person.objects.get(nip=GONE).is_active) == ("III/b", False)
    assert Person.objects.get(nip=FOREIGN).unit != unit
    assert "Impor sudah diterapkan" in text(client.get(address))
    client.post(address + "urungkan/")
    worked(job)
    assert not Person.objects.filter(nip=NEW).exists()
    assert (Person.objects.get(nip=KNOWN).grade, Person.objects.get(nip=GONE).is_active) == ("III/a", True)


def test_that_a_nip_belongs_elsewhere_is_logged(unit, officer, known):
    worked(hand_in(unit.agency, officer, roster(unit, officer), kind="people"))
    line = ChangeLog.objects.get(action="foreign_nip")
    assert (line.actor, line.detail["count"]) == (officer, 1)


def test_refused_rows_come_back_to_be_corrected(client, unit, officer):
    job = worked(hand_in(unit.agency, officer, f"{HEADINGS}\n123;Salah Ketik;Dinas Kominfo;III/a\n", kind="people"))
    file = client.get(f"/laporan/pegawai/impor/{job.pk}/baris-ditolak/")
    content = b"".join(file.streaming_content).decode("utf-8-sig")
    again = worked(hand_in(unit.agency, officer, content.replace("123", NEW), kind="people"))
    assert (again.counts["new"], again.counts["refused"]) == (1, 0)


def test_unknown_headings_are_asked_for_and_then_understood(client, unit, officer):
    job = worked(hand_in(unit.agency, officer, f"Nomor;Nama;Satuan\n{NEW};Petrus;Dinas Kominfo\n", kind="people"))
    assert (job.state, job.headings) == ("mapping", ["Nomor", "Nama", "Satuan"])
    page = client.get(f"/laporan/pegawai/impor/{job.pk}/").content.decode()
    assert re.search(r'name="heading-1".*?value="name" selected', page, re.DOTALL)
    client.post(
        f"/laporan/pegawai/impor/{job.pk}/kolom/", {"heading-0": "nip", "heading-1": "name", "heading-2": "unit"}
    )
    assert worked(job).state == "preview"
    assert job.counts["new"] == 1


def test_the_sample_can_be_handed_in_with_its_units(client, unit, officer):
    sent = client.get("/laporan/pegawai/impor/contoh-pegawai.csv")
    content = b"".join(sent.streaming_content).decode("utf-8-sig")
    job = worked(hand_in(unit.agency, officer, content, kind="people", create_units=True))
    assert (job.state, job.counts["new"], job.counts["refused"]) == ("preview", 2, 0), job.samples


def test_logs_carry_no_nip(unit, officer, known, caplog):
    with caplog.at_level("DEBUG"):
        job = worked(hand_in(unit.agency, officer, roster(unit, officer), kind="people"))
        jobs.confirm(job, deactivate_gone=True, by=officer)
        files.path_of(job).write_bytes(b"\xff\xfe\x00")
        jobs.sweep(at=AT)
    assert not re.search(r"\d{18}", caplog.text)
    job.refresh_from_db()
    assert job.state == "refused"


def test_progress_is_told_outside_the_writing_transaction_only(unit, officer):
    job = hand_in(unit.agency, officer, roster(unit, officer), kind="people")
    report = jobs._progress_of(job)
    report(30)
    with transaction.atomic():
        report(60)
    job.refresh_from_db()
    assert job.progress == 30


def test_a_slow_worker_that_was_overtaken_writes_nothing(unit, officer, known):
    job = worked(hand_in(unit.agency, officer, roster(unit, officer), kind="people"))
    jobs.confirm(job, deactivate_gone=False, by=officer)
    RosterImport.objects.filter(pk=job.pk).update(lease_until=AT - timedelta(minutes=1), tries=1)
    slow = RosterImport.objects.get(pk=job.pk)
    counts = worked(job).counts
    with pytest.raises(jobs.LeaseLost):
        jobs.apply_confirmed(slow, at=AT)
    job.refresh_from_db()
    assert (job.state, job.counts, counts["new"]) == ("applied", counts, 1)
    assert ChangeLog.objects.filter(action="roster_imported").count() == 1
