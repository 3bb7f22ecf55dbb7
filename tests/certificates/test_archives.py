"""Gathering the certificates of a unit: what is in, what is out, and what becomes of a job that meets trouble."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import openpyxl
import pytest
from django.db import connections

from academy.notifications.models import Message
from academy.people.models import Person, Role
from academy.people.placements import place
from certificates import store
from certificates.archives import jobs, parts
from certificates.archives.choosing import Counted, counted
from certificates.models import ArchivePart, CertificateArchive
from tests.certificates.gathering import (
    certificates_in,
    choice_of,
    exported,
    index_of,
    make_many,
    make_published,
    path_of,
    sha256_of,
    zips,
)
from tests.certificates.storage import S3Server
from tests.factories import AT, PersonFactory, make_completion, make_edition, make_hr, make_unit

pytestmark = pytest.mark.django_db
State = CertificateArchive.State


def clock():
    return AT


@pytest.fixture
def unit():
    return make_unit("Dinas Kesehatan")


@pytest.fixture
def officer(unit) -> Person:
    return make_hr(unit)


@pytest.fixture
def edition():
    return make_edition()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "IN_A_PART", 3)


def begin(officer: Person, unit, **fields) -> CertificateArchive:
    return jobs.start(choice_of(unit, **fields), by=officer, at=AT)


def gathered(archive: CertificateArchive) -> CertificateArchive:
    assert jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert archive.state == State.READY
    return archive


def test_every_part_holds_its_certificates_and_an_index(officer, unit, edition, small_parts):
    made = make_many(7, unit=unit, edition=edition)
    archive = gathered(begin(officer, unit))
    files = zips(archive)
    assert [len(certificates_in(file)) for file in files] == [3, 3, 1]
    contents = {file.read(line["Nama berkas"]): line for file in files for line in index_of(file)}
    assert {hashlib.sha256(content).hexdigest() for content in contents} == {sha256_of(one) for one in made}
    for content, line in contents.items():
        assert line["Sidik SHA-256"] == hashlib.sha256(content).hexdigest()
    one = made[0]
    (line,) = [line for line in contents.values() if line["Nomor"] == one.number]
    assert (line["NIP"], line["Nama"], line["Keadaan"]) == (one.facts["nip"], one.facts["name"], "Berlaku")
    assert [part.count for part in archive.parts.all()] == [3, 3, 1]
    for part in archive.parts.all():
        content = parts.path_of(part.file_name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (part.size, part.sha256)
    assert [path.name for path in exported()] == sorted(part.file_name for part in archive.parts.all())
    assert archive.done == archive.total == 7


def test_a_nip_stays_whole_in_the_workbook(officer, unit, edition):
    certificate = make_published(PersonFactory(unit=unit), edition=edition)
    (file,) = zips(gathered(begin(officer, unit)))
    sheet = openpyxl.load_workbook(io.BytesIO(file.read("daftar.xlsx"))).active
    assert sheet is not None
    assert sheet["B2"].value == certificate.facts["nip"]
    assert sheet["B2"].data_type == "s"
    assert (sheet.title, sheet.auto_filter.ref) == ("Sertifikat", "A1:M2")
    assert (sheet["A2"].value, sheet["G2"].value) == (1, certificate.facts["credit_hours"])
    assert sheet["I2"].value == datetime.combine(AT.date(), time())
    assert index_of(file)[0]["Tanggal terbit"] == AT.date().isoformat()
    note = file.read("BACA-SAYA.txt").decode("utf-8-sig")
    assert " WITA" in note
    assert "Asia/Makassar" not in note


def test_only_valid_ones_of_the_people_of_today_are_taken(officer, unit, edition):
    valid, revoked, replaced, other_year = make_many(4, unit=unit, edition=edition)
    type(revoked).objects.filter(pk=revoked.pk).update(revoked_at=AT)
    type(replaced).objects.filter(pk=replaced.pk).update(superseded_at=AT)
    other_year.completion.completed_on = date(2025, 12, 31)
    other_year.completion.save()
    make_completion(PersonFactory(unit=unit), edition=edition)  # not even issued
    make_published(PersonFactory(unit=make_unit("Dinas Lain")), edition=edition)
    assert counted(choice_of(unit), officer_units(officer)) == Counted(1, not_published=1, revoked=1, replaced=1)
    archive = gathered(begin(officer, unit))
    (file,) = zips(archive)
    assert [line["Nomor"] for line in index_of(file)] == [valid.number]
    note = file.read("BACA-SAYA.txt").decode("utf-8-sig")
    assert "belum diterbitkan: 1; dicabut: 1; diganti yang lebih baru: 1" in note
    everything = gathered(begin(officer, unit, with_withdrawn=True))
    (file,) = zips(everything)
    assert {line["Nomor"]: line["Keadaan"] for line in index_of(file)} == {
        valid.number: "Berlaku",
        revoked.number: "Dicabut",
        replaced.number: "Diganti dengan yang lebih baru",
    }
    assert {name.partition("/")[0] for name in file.namelist() if "/" in name} == {"sertifikat", "dicabut", "diganti"}
    (name,) = [name for name in file.namelist() if name.startswith("dicabut/")]
    assert revoked.number.replace("/", "-").lower() in name
    assert everything.left_out == {"not_published": 1}


def officer_units(officer: Person):
    from academy.people.scope import units_visible_to

    return units_visible_to(officer, at=AT)


def test_one_course_is_chosen_by_its_key(officer, unit, edition):
    other = make_published(PersonFactory(unit=unit), edition=make_edition())
    make_many(2, unit=unit, edition=edition)
    archive = gathered(begin(officer, unit, course=other.completion.course))
    (file,) = zips(archive)
    assert [line["Nomor"] for line in index_of(file)] == [other.number]


HOSTILE = ["../../../etc/passwd", '=HYPERLINK("http://x")', "Ani", "Ani", "N" * 190, "CON", "名前", "a/b\\c:d*e?\x7f"]


def test_names_of_files_are_safe_and_unique_and_formulas_dead(officer, unit, edition):
    for name in HOSTILE:
        make_published(PersonFactory(unit=unit, name=name, title_after=""), edition=edition)
    (file,) = zips(gathered(begin(officer, unit)))
    names = certificates_in(file)
    assert len({name.lower() for name in names}) == len(HOSTILE)
    for name in names:
        folder, _slash, own = name.partition("/")
        assert folder == "sertifikat"
        assert own.removesuffix(".pdf").replace("-", "").isalnum()
        assert len(own) < 150
    lines = index_of(file)
    assert {line["Nama"] for line in lines} >= {'\'=HYPERLINK("http://x")', "Ani"}


def test_a_missing_and_a_damaged_file_are_named_not_left_out(officer, unit, edition):
    lost, damaged, whole = make_many(3, unit=unit, edition=edition)
    path_of(lost).unlink()
    path_of(damaged).write_bytes(b"%PDF other")
    archive = gathered(begin(officer, unit))
    (file,) = zips(archive)
    remarks = {line["Nomor"]: line["Keterangan"] for line in index_of(file)}
    assert remarks == {lost.number: "Berkasnya hilang.", damaged.number: "Berkasnya rusak.", whole.number: ""}
    assert len(certificates_in(file)) == 1
    part = archive.parts.get()
    assert (part.count, {problem["number"] for problem in part.problems}) == (1, {lost.number, damaged.number})
    assert lost.number in file.read("BACA-SAYA.txt").decode("utf-8-sig")


def test_asking_twice_leads_to_the_same_archive_until_it_would_hold_something_else(officer, unit, edition):
    make_many(2, unit=unit, edition=edition)
    first = begin(officer, unit)
    assert begin(officer, unit) == first
    gathered(first)
    assert begin(officer, unit) == first
    make_published(PersonFactory(unit=unit), edition=edition)
    second = begin(officer, unit)
    first.refresh_from_db()
    assert (second.total, first.state) == (3, State.EXPIRED)


def test_nothing_to_gather_and_too_much_are_refused_in_words(officer, unit, edition, monkeypatch):
    with pytest.raises(jobs.CannotGather, match="Tidak ada sertifikat"):
        begin(officer, unit)
    make_many(3, unit=unit, edition=edition)
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 2)
    with pytest.raises(jobs.CannotGather, match="lebih dari 2"):
        begin(officer, unit)
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(jobs, "MOST_LIVE", 1)
    begin(officer, unit)
    with pytest.raises(jobs.CannotGather, match="1 arsip"):
        begin(officer, unit, with_withdrawn=True)
    assert CertificateArchive.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_begin_one_archive(officer, unit, edition):
    make_many(2, unit=unit, edition=edition)

    def click(_number: int) -> int:
        try:
            return begin(officer, unit).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(click, range(6)))) == 1
    assert CertificateArchive.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_archive_make_it_once(officer, unit, edition, small_parts):
    make_many(7, unit=unit, edition=edition)
    archive = begin(officer, unit)

    def work(_number: int) -> bool:
        try:
            return jobs.work_on(archive.pk, clock=clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [False, False, False, True]
    assert [part.number for part in archive.parts.all()] == [1, 2, 3]
    assert len(exported()) == 3


def test_whoever_lost_the_lease_leaves_nothing(officer, unit, edition, monkeypatch):
    """Between the file and its row another worker took over."""
    make_many(2, unit=unit, edition=edition)
    archive = begin(officer, unit)
    write = parts.write

    def and_lose(*given, **named):
        made = write(*given, **named)
        CertificateArchive.objects.filter(pk=archive.pk).update(lease_until=AT + timedelta(hours=1))
        return made

    monkeypatch.setattr(parts, "write", and_lose)
    assert not jobs.work_on(archive.pk, clock=clock)
    assert (exported(), ArchivePart.objects.count()) == ([], 0)


def test_a_later_worker_begins_at_the_first_part_that_is_missing(officer, unit, edition, small_parts, monkeypatch):
    make_many(7, unit=unit, edition=edition)
    archive = begin(officer, unit)
    write, calls = parts.write, []

    def fail_at_two(archive, number, **named):
        calls.append(number)
        if calls == [1, 2]:
            raise ValueError("broken")
        return write(archive, number, **named)

    monkeypatch.setattr(parts, "write", fail_at_two)
    with pytest.raises(ValueError, match="broken"):
        jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert (archive.tries, archive.parts.count(), archive.state) == (1, 1, State.WAITING)
    assert not jobs.work_on(archive.pk, clock=clock), "a pause comes first"
    assert jobs.sweep(clock=lambda: AT + jobs.PAUSE) == 1
    assert calls == [1, 2, 2, 3]


def test_what_fails_again_and_again_is_given_up(officer, unit, edition, monkeypatch):
    make_many(1, unit=unit, edition=edition)
    archive = begin(officer, unit)
    monkeypatch.setattr(parts, "write", lambda *_given, **_named: 1 / 0)
    moments = [AT + number * jobs.PAUSE for number in range(10)]
    for moment in moments:
        jobs.sweep(clock=partial(max, moment, AT))
    archive.refresh_from_db()
    assert (archive.state, archive.tries) == (State.FAILED, jobs.MOST_TRIES)


def test_a_full_disk_costs_no_try_and_leaves_no_file(officer, unit, edition, settings, tiny_disk):
    for each in range(3):
        make_published(PersonFactory(unit=unit), edition=edition, content=bytes([each]) * 30_000)
    archive = begin(officer, unit)
    settings.EXPORTS_ROOT = tiny_disk
    with pytest.raises(OSError, match="No space left"):
        jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert (archive.state, archive.tries, archive.parts.count()) == (State.WAITING, 0, 0)
    assert exported() == []
    settings.EXPORTS_ROOT = settings.CERTIFICATES_ROOT.parent / "exports"
    assert jobs.sweep(clock=lambda: AT + jobs.PAUSE) == 1


def test_a_storage_that_is_away_is_waited_for(officer, unit, edition, settings, s3_server: S3Server):
    settings.STORAGE = s3_server.storage()
    made = make_many(2, unit=unit, edition=edition)
    archive = begin(officer, unit)
    s3_server.kill()
    with pytest.raises(store.StoreUnreachable):
        jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert (archive.state, archive.tries, exported()) == (State.WAITING, 0, [])
    s3_server.start()
    for certificate in made:
        store.keep(f"%PDF-1.7 {certificate.number}".encode())
    assert jobs.sweep(clock=lambda: AT + jobs.PAUSE) == 1
    archive.refresh_from_db()
    assert archive.parts.get().count == 2


def test_somebody_who_left_the_scope_before_the_work_is_not_in_the_file(officer, unit, edition):
    stays, leaves = make_many(2, unit=unit, edition=edition)
    archive = begin(officer, unit)
    place(leaves.completion.person, unit=make_unit("Dinas Lain"), from_on=AT.date(), today=AT.date())
    (file,) = zips(gathered(archive))
    assert len(certificates_in(file)) == 1
    everything = b"".join(file.read(name) for name in file.namelist()).decode(errors="replace")
    assert stays.number in everything
    assert leaves.number not in everything
    assert leaves.facts["nip"] not in everything


def test_a_role_that_ended_before_the_work_gathers_nothing(officer, unit, edition):
    make_many(2, unit=unit, edition=edition)
    archive = begin(officer, unit)
    Role.objects.filter(person=officer).update(until_at=AT)
    assert not jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert (archive.state, exported()) == (State.CANCELLED, [])


def test_its_owner_is_told_once(officer, unit, edition):
    make_many(1, unit=unit, edition=edition)
    archive = gathered(begin(officer, unit))
    jobs.sweep(clock=clock)
    message = Message.objects.get(person=officer)
    assert f"/kepegawaian/sertifikat/arsip/{archive.pk}/" in message.body


def test_cancelling_while_somebody_is_at_it_stops_the_work(officer, unit, edition, small_parts, monkeypatch):
    make_many(4, unit=unit, edition=edition)
    archive = begin(officer, unit)
    write = parts.write

    def and_cancel(given, number, **named):
        if number == 2:
            jobs.cancel(CertificateArchive.objects.get(pk=archive.pk))
        return write(given, number, **named)

    monkeypatch.setattr(parts, "write", and_cancel)
    assert not jobs.work_on(archive.pk, clock=clock)
    archive.refresh_from_db()
    assert (archive.state, archive.entries.count()) == (State.CANCELLED, 0)


def test_cancelling_deletes_the_files(officer, unit, edition, django_capture_on_commit_callbacks):
    make_many(1, unit=unit, edition=edition)
    archive = gathered(begin(officer, unit))
    for _again in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            jobs.cancel(archive)
    assert (archive.state, exported()) == (State.CANCELLED, [])


def test_after_seven_days_the_files_are_deleted(officer, unit, edition, django_capture_on_commit_callbacks):
    make_many(1, unit=unit, edition=edition)
    archive = gathered(begin(officer, unit))
    jobs.tidy(at=AT + timedelta(days=7, seconds=-1))
    assert len(exported()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        jobs.tidy(at=AT + timedelta(days=7))
    archive.refresh_from_db()
    assert (archive.state, exported(), archive.entries.count()) == (State.EXPIRED, [], 0)


def test_files_of_nobody_are_deleted_after_a_day(officer, unit, edition, settings):
    make_many(1, unit=unit, edition=edition)
    gathered(begin(officer, unit))
    (kept,) = exported()
    for name in ("7-1-abc.zip", ".xyz.part.zip"):
        stray = settings.EXPORTS_ROOT / name
        stray.write_bytes(b"PK")
        os.utime(stray, (AT.timestamp() - 90_000, AT.timestamp() - 90_000))
    assert jobs.tidy(at=AT) == 2
    assert exported() == [kept]


def test_the_same_certificate_is_never_twice_in_an_archive(officer, unit, edition, small_parts):
    person = PersonFactory(unit=unit)
    for _each in range(5):
        make_published(person, edition=make_edition())
    files = zips(gathered(begin(officer, unit)))
    numbers = [line["Nomor"] for file in files for line in index_of(file)]
    assert len(numbers) == len(set(numbers)) == 5


def test_a_part_is_a_file_that_other_programs_open(officer, unit, edition, tmp_path):
    make_many(2, unit=unit, edition=edition)
    gathered(begin(officer, unit))
    (path,) = exported()
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "out")
    assert len(list((tmp_path / "out" / "sertifikat").iterdir())) == 2


def test_a_part_that_is_lost_while_others_are_made_is_made_again(officer, unit, edition, small_parts, monkeypatch):
    make_many(7, unit=unit, edition=edition)
    archive = begin(officer, unit)
    write = parts.write

    def while_one_is_lost(made_for: CertificateArchive, number: int, **more: Any) -> dict[str, Any]:
        if number == 3:
            lost = made_for.parts.get(number=1)
            parts.path_of(lost.file_name).unlink()
            jobs.make_again(lost)
        return write(made_for, number, **more)

    monkeypatch.setattr(parts, "write", while_one_is_lost)
    gathered(archive)
    assert [part.number for part in archive.parts.order_by("number")] == [1, 2, 3]
    assert sum(len(certificates_in(file)) for file in zips(archive)) == 7


def test_a_lease_of_a_clock_that_was_set_back_since_holds_up_nothing(officer, unit, edition):
    make_many(1, unit=unit, edition=edition)
    archive = begin(officer, unit)
    CertificateArchive.objects.update(lease_until=AT + timedelta(days=30))
    gathered(archive)


def test_the_message_counts_what_is_in_the_files(officer, unit, edition):
    _stays, moved = make_many(2, unit=unit, edition=edition)
    archive = begin(officer, unit)
    Person.objects.filter(pk=moved.completion.person_id).update(unit=make_unit("Lain"))
    gathered(archive)
    assert "1 dari 2 sertifikat" in Message.objects.get(person=officer, key__startswith="certificate-archive").body
