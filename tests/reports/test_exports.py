"""Files that a worker makes: asked for once, made once, whole or not at all, and for nobody who may not have them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from academy.notifications.models import Message
from academy.people.models import Person, Role
from academy.people.placements import place
from academy.reports.exports import heart, jobs, making, queue
from academy.reports.models import KEEP_FOR, Export
from academy.reports.registry import REPORTS, Question
from academy.reports.scope import scope_of
from academy.reports.tables import Table
from tests.factories import LONG_AGO, PersonFactory, make_hr, make_unit
from tests.reports.exporting import ask, files, make_export, make_ready
from tests.reports.world import AT, World, read_csv, read_json, read_pdf, read_xlsx

# The work beats its heart over a connection of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
State, Problem = Export.State, Export.Problem
SECOND = timedelta(seconds=1)


def clock():
    return AT


def made(export: Export, *, at=AT) -> Export:
    assert jobs.work_on_next(clock=lambda: at)
    export.refresh_from_db()
    return export


@pytest.mark.parametrize(
    ("word", "read"), [("csv", read_csv), ("json", read_json), ("xlsx", read_xlsx), ("pdf", read_pdf)]
)
def test_the_file_holds_what_the_page_shows_and_states_what_it_is(world: World, word, read):
    export = made(ask(world.hr, word=word))
    (path,) = files()
    content = path.read_bytes()
    sheet = read(content)
    names = ("Ana", "Beni", "Citra", "Dedi", "Elsa", "Fani", "Hesti")
    assert sheet.column("Nama") == [f"{name}, S.Kom." for name in names]
    assert (export.state(at=AT), export.rows, export.written, export.total) == (State.READY, 7, 7, 7)
    assert (export.scope, export.as_of, export.ready_at) == ("Pemerintah Kab. Kupang", AT, AT)
    assert (export.totals["Terdaftar"], export.totals["Selesai"]) == (7, 2)
    assert (export.file_key, export.size) == (path.name, len(content))
    assert export.sha256 == hashlib.sha256(content).hexdigest()
    assert export.about == [world.kupang.pk]
    assert export.file_name == f"laporan-pegawai-2026-pemerintah-kab-kupang-20261124-1430.{word}"


def test_the_file_is_in_the_language_of_whoever_asked(world: World):
    with override("en"):
        export = ask(world.hr)
    assert ask(world.hr) != export
    made(export)
    assert read_csv(making.path_of(export.file_key).read_bytes()).headings[:2] == ["NIP", "Name"]


def test_asking_again_leads_to_the_same_file_while_it_is_owed_or_fresh(world: World):
    export = ask(world.hr)
    assert ask(world.hr) == export
    assert ask(world.hr, word="json") != export
    assert ask(world.hr, keadaan="selesai") != export
    assert ask(world.hr_province) != export
    made(export)
    assert ask(world.hr, at=AT + jobs.FRESH - SECOND) == export
    assert ask(world.hr, at=AT + jobs.FRESH) != export


def test_a_fresh_file_of_another_scope_is_made_anew(world: World):
    export = made(ask(world.hr))
    Role.objects.create(person=world.hr, kind=Role.Kind.HR, unit=world.alor, from_at=LONG_AGO)
    assert ask(world.hr) != export


def test_what_was_deleted_or_cancelled_or_failed_is_made_anew(world: World):
    keys = set()
    for end in ("cancel", "delete", "fail"):
        export = ask(world.hr)
        keys.add(export.pk)
        if end == "fail":
            Export.objects.filter(pk=export.pk).update(failed_at=AT, problem=Problem.OTHER)
            continue
        if end == "delete":
            made(export)
        jobs.discard(export, at=AT)
        jobs.discard(export, at=AT)
    assert len(keys | {ask(world.hr).pk}) == 4
    assert files() == []


def test_many_clicks_at_once_ask_for_one_file(world: World):
    def click(_number: int) -> int:
        try:
            return ask(world.hr).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(click, range(6)))) == 1
    assert Export.objects.count() == 1


def test_the_database_itself_refuses_the_impossible(world: World):
    owed = make_export(world.hr)
    impossible: list[dict[str, Any]] = [
        {"key": owed.key},
        {"ready_at": AT, "failed_at": AT},
        {"ready_at": AT, "cancelled_at": AT},
        {"file_key": "x.csv"},
        {"deleted_at": AT},
    ]
    for fields in impossible:
        with pytest.raises(IntegrityError), transaction.atomic():
            make_export(world.hr, **fields)


def test_nobody_fills_the_disk_alone(world: World, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_LIVE", 2)
    first = ask(world.hr)
    ask(world.hr, keadaan="selesai")
    with pytest.raises(jobs.CannotExport, match="2 berkas"):
        ask(world.hr, keadaan="berjalan")
    ask(world.hr_alor)
    jobs.discard(first, at=AT)
    ask(world.hr, keadaan="berjalan")


def test_many_workers_make_each_file_once(world: World):
    exports = [ask(world.hr, keadaan=state) for state in ("sasaran", "selesai", "berjalan")]

    def work(_number: int) -> bool:
        try:
            return jobs.work_on_next(clock=clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    for export in exports:
        export.refresh_from_db()
        assert (export.state(at=AT), export.tries) == (State.READY, 1)
    assert {path.name for path in files()} == {export.file_key for export in exports}
    assert Message.objects.count() == 3


def order_of_making(count: int) -> list[int]:
    found = []
    for _each in range(count):
        export = queue.claim_next(at=AT)
        assert export is not None
        found.append(export.by_id)
        Export.objects.filter(pk=export.pk).update(ready_at=AT, claim=None, lease_until=None)
    return found


def test_whoever_asks_for_one_file_does_not_wait_behind_thirty_of_another(world: World):
    for number in range(30):
        make_export(world.hr, at=AT + number * SECOND)
    make_export(world.hr_alor, at=AT + 60 * SECOND)
    other = make_hr(world.kesehatan)
    make_export(other, at=AT + 90 * SECOND)
    order = order_of_making(32)
    assert order[:3] == [world.hr.pk, world.hr_alor.pk, other.pk]
    assert order[3:] == [world.hr.pk] * 29


def test_a_running_file_counts_as_well_as_one_that_was_made(world: World):
    first, second = make_export(world.hr), make_export(world.hr, at=AT + SECOND)
    theirs = make_export(world.hr_alor, at=AT + 2 * SECOND)
    taken = [queue.claim_next(at=AT) for _worker in range(4)]
    assert taken == [first, theirs, second, None]


def test_whoever_had_a_very_long_file_made_lets_others_go_first(world: World):
    make_ready(world.hr, content=b"x", at=AT, rows=6_000_000)
    for number in range(3):
        make_ready(world.hr_alor, content=b"x", at=AT + number * SECOND)
    make_export(world.hr)
    make_export(world.hr_alor, at=AT + SECOND)
    assert order_of_making(2) == [world.hr_alor.pk, world.hr.pk]


def test_who_stands_on_no_roster_waits_by_themselves(world: World):
    for number in range(3):
        make_export(Person.objects.create(name=f"Tamu {number}", email=f"tamu{number}@uji.test"), at=AT)
    make_export(world.hr, at=AT + SECOND)
    order = order_of_making(4)
    assert (len(set(order)), order[-1]) == (4, world.hr.pk)
    make_export(Person.objects.get(email="tamu0@uji.test"), at=AT)
    make_export(world.hr_alor, at=AT + SECOND)
    assert order_of_making(2) == [world.hr_alor.pk, Person.objects.get(email="tamu0@uji.test").pk]


def test_all_agencies_at_once(world: World):
    """Each gets its first file before any its second, and to choose asks the database no more often for it."""
    units = [make_unit(f"Dinas {number}") for number in range(40)]
    assert len({unit.agency_id for unit in units}) == 40
    officers = [make_hr(unit) for unit in units]
    for officer in officers:
        for number in range(3):
            make_export(officer, at=AT + number * SECOND)
    with CaptureQueriesContext(connection) as asked:
        assert queue.claim_next(at=AT)
    assert len([query for query in asked if "reports_export" in query["sql"]]) == 4
    order = [officers[0].pk, *order_of_making(119)]
    for begin in (0, 40, 80):
        assert len(set(order[begin : begin + 40])) == 40


def test_a_file_made_long_ago_counts_no_more(world: World):
    make_ready(world.hr, content=b"x", at=AT - queue.RECENT)
    export = make_export(world.hr)
    make_export(world.hr_alor, at=AT + SECOND)
    assert queue.claim_next(at=AT) == export


def test_a_role_that_ended_before_the_work_makes_nothing(world: World):
    export = ask(world.hr)
    Role.objects.filter(person=world.hr).update(until_at=AT)
    made(export)
    assert (export.state(at=AT), export.problem, files()) == (State.FAILED, Problem.ROLE, [])
    assert "Peran" in Message.objects.get(person=world.hr).body


def test_a_unit_that_left_the_scope_before_the_work_makes_nothing(world: World):
    export = ask(world.hr, unit=str(world.kesehatan.pk))
    Role.objects.filter(person=world.hr).update(unit=world.kominfo)
    made(export)
    assert (export.state(at=AT), export.problem, files()) == (State.FAILED, Problem.QUESTION, [])


def test_a_narrower_role_makes_a_narrower_file(world: World):
    export = ask(world.hr)
    Role.objects.filter(person=world.hr).update(unit=world.kominfo)
    made(export)
    assert (export.scope, export.rows) == ("Dinas Kominfo, Pemerintah Kab. Kupang", 2)


def test_its_owner_is_told_once_with_the_way_to_it(world: World):
    export = made(ask(world.hr))
    assert not jobs.work_on_next(clock=clock)
    message = Message.objects.get()
    assert (message.person, message.subject) == (world.hr, "Laporan yang Anda minta sudah siap")
    assert f"/laporan/berkas/{export.pk}/" in message.body
    assert "7 baris" in message.body


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


def test_a_full_disk_is_tried_again_later_and_leaves_no_file(world: World, settings, tiny_disk):
    export = ask(world.hr)
    kept, settings.EXPORTS_ROOT = settings.EXPORTS_ROOT, tiny_disk
    (tiny_disk / "laporan").mkdir()
    fill(tiny_disk)
    made(export)
    assert (export.state(at=AT), export.problem, export.tries, files()) == (State.WAITING, Problem.DISK, 1, [])
    assert "No space left" in export.last_error
    assert not jobs.work_on_next(clock=clock), "a pause comes first"
    settings.EXPORTS_ROOT = kept
    made(export, at=AT + jobs.PAUSES[0])
    assert (export.state(at=AT), export.problem, len(files())) == (State.READY, "", 1)


def test_what_fails_again_and_again_is_given_up_with_a_reason(world: World, settings, tmp_path):
    export = ask(world.hr)
    settings.EXPORTS_ROOT = tmp_path / "a-file"
    settings.EXPORTS_ROOT.write_text("in the way")
    moments = [AT]
    while jobs.work_on_next(clock=partial(max, moments)):
        export.refresh_from_db()
        moments.append(export.lease_until or moments[-1])
    assert [later - earlier for earlier, later in pairwise(moments)] == [*jobs.PAUSES, timedelta()]
    assert (export.state(at=AT), export.problem, export.tries) == (State.FAILED, Problem.DISK, jobs.MOST_TRIES)
    assert Message.objects.get(person=world.hr).subject == "Laporan yang Anda minta tidak dapat dibuat"


def test_what_kills_its_worker_again_and_again_is_given_up(world: World):
    export = ask(world.hr)
    for number in range(jobs.MOST_TRIES):
        assert queue.claim_next(at=AT + number * heart.LEASE) == export
    assert not jobs.work_on_next(clock=lambda: AT + jobs.MOST_TRIES * heart.LEASE)
    export.refresh_from_db()
    assert (export.state(at=AT), export.problem) == (State.FAILED, Problem.WORKER)


def test_whoever_lost_the_lease_leaves_nothing(world: World, monkeypatch):
    """Between the file and its row another worker took over."""
    export = ask(world.hr)
    make = making.make

    def and_lose(given, **named):
        found = make(given, **named)
        Export.objects.filter(pk=export.pk).update(lease_until=None)
        assert queue.claim_next(at=AT) == export
        return found

    monkeypatch.setattr(making, "make", and_lose)
    made(export)
    assert (export.state(at=AT), export.tries, files()) == (State.RUNNING, 2, [])


def test_cancelling_while_a_worker_is_at_it_leaves_nothing(world: World, monkeypatch):
    export = ask(world.hr)
    make = making.make

    def and_cancel(given, **named):
        found = make(given, **named)
        jobs.discard(Export.objects.get(pk=export.pk), at=AT)
        return found

    monkeypatch.setattr(making, "make", and_cancel)
    made(export)
    assert (export.state(at=AT), files(), Message.objects.count()) == (State.CANCELLED, [], 0)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_lease_is_renewed_and_the_progress_told_until_it_is_cancelled(world: World, monkeypatch):
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.02)
    make_export(world.hr)
    export = queue.claim_next(at=AT)
    assert export is not None
    before = threading.active_count()
    with heart.Heart(export, clock=lambda: AT + SECOND) as beating:
        beating.progress(500)
        wait_until(lambda: Export.objects.filter(written=500, lease_until=AT + SECOND + heart.LEASE).exists())
        jobs.discard(export, at=AT)

        def is_told() -> bool:
            try:
                beating.progress(1000)
            except heart.LeaseLost:
                return True
            return False

        wait_until(is_told)
    assert threading.active_count() == before
    export.refresh_from_db()
    assert (export.written, export.lease_until) == (500, None)


def test_after_seven_days_the_file_is_deleted_and_then_its_key(world: World):
    export = made(ask(world.hr))
    assert jobs.tidy(at=AT + KEEP_FOR - SECOND) == 0
    assert export.state(at=AT + KEEP_FOR) == State.DELETED, "whether it was swept or not"
    assert jobs.tidy(at=AT + KEEP_FOR) == 1
    assert jobs.tidy(at=AT + KEEP_FOR) == 0
    export.refresh_from_db()
    assert (files(), export.file_key, export.deleted_at) == ([], "", AT + KEEP_FOR)
    assert (export.rows, len(export.sha256)) == (7, 64), "what it was is still told"


def test_a_sweep_that_died_after_the_file_goes_on_with_the_key(world: World):
    export = made(ask(world.hr))
    files()[0].unlink()
    jobs.tidy(at=AT + KEEP_FOR)
    export.refresh_from_db()
    assert (export.file_key, export.deleted_at) == ("", AT + KEEP_FOR)


def test_files_of_nobody_are_deleted_after_a_day(world: World):
    export = made(ask(world.hr))
    for name, age in (("7-abc.csv", 90_000), ("8-abc.csv", 80_000)):
        stray = making.path_of(name)
        stray.write_bytes(b"NIP")
        os.utime(stray, (AT.timestamp() - age, AT.timestamp() - age))
    assert jobs.tidy(at=AT) == 1
    assert {path.name for path in files()} == {export.file_key, "8-abc.csv"}


def test_who_joins_does_not_spoil_a_file_and_who_leaves_does(world: World):
    place(world.people["elsa"], unit=world.puskesmas, from_on=LONG_AGO.date(), today=AT.date())
    place(world.people["dedi"], unit=world.puskesmas, from_on=LONG_AGO.date(), today=AT.date())
    place(world.people["dedi"], unit=world.alor, from_on=AT.date(), today=AT.date())  # before the file is made
    export = made(ask(world.hr))
    scope = scope_of(world.hr, at=AT)
    assert scope is not None
    PersonFactory(unit=world.kupang)
    place(world.people["elsa"], unit=world.kesehatan, from_on=AT.date(), today=AT.date())  # stays in scope
    assert making.withheld(export, scope) == ""
    place(world.people["elsa"], unit=make_unit("Dinas Lain"), from_on=AT.date(), today=AT.date())
    assert "keluar dari cakupan" in making.withheld(export, scope)
    again = made(ask(world.hr))  # at once, though there is a fresh one
    assert again.pk != export.pk
    assert making.withheld(again, scope) == ""
    assert ask(world.hr).pk == again.pk
    assert Person.objects.filter(unit__in=scope.units).count() == 6


def test_who_came_on_the_day_of_a_file_and_leaves_later_spoils_it(world: World):
    """As after a roster was imported in the morning."""
    place(world.people["elsa"], unit=world.puskesmas, from_on=AT.date(), today=AT.date())
    export, scope = made(ask(world.hr)), scope_of(world.hr, at=AT)
    assert scope is not None
    assert making.withheld(export, scope) == ""
    in_three_days = AT.date() + timedelta(days=3)
    place(world.people["elsa"], unit=world.alor, from_on=in_three_days, today=in_three_days)
    assert "keluar dari cakupan" in making.withheld(export, scope)


def test_who_comes_back_hides_nobody_who_leaves(world: World):
    elsa, dedi = world.people["elsa"], world.people["dedi"]
    for person in (elsa, dedi):
        place(person, unit=world.puskesmas, from_on=LONG_AGO.date(), today=AT.date())
    place(dedi, unit=world.alor, from_on=AT.date(), today=AT.date())
    export, scope = made(ask(world.hr)), scope_of(world.hr, at=AT)
    assert scope is not None
    assert export.left == [dedi.pk]
    tomorrow = AT.date() + timedelta(days=1)
    place(dedi, unit=world.puskesmas, from_on=tomorrow, today=tomorrow)
    place(elsa, unit=world.alor, from_on=tomorrow, today=tomorrow)
    assert "keluar dari cakupan" in making.withheld(export, scope)


def test_who_comes_while_a_file_is_made_and_leaves_later_spoils_it(world: World, monkeypatch):
    """Who had left when it was begun may stand in it all the same."""
    dedi = world.people["dedi"]
    place(dedi, unit=world.puskesmas, from_on=LONG_AGO.date(), today=AT.date())
    place(dedi, unit=world.alor, from_on=AT.date(), today=AT.date())
    export, table = ask(world.hr), REPORTS["pegawai"].table

    def table_after_dedi_is_back(question: Question) -> Table:
        place(dedi, unit=world.puskesmas, from_on=AT.date(), today=AT.date())
        return table(question)

    monkeypatch.setitem(REPORTS, "pegawai", replace(REPORTS["pegawai"], table=table_after_dedi_is_back))
    assert made(export).left == []
    tomorrow, scope = AT.date() + timedelta(days=1), scope_of(world.hr, at=AT)
    assert scope is not None
    place(dedi, unit=world.alor, from_on=tomorrow, today=tomorrow)
    assert "keluar dari cakupan" in making.withheld(export, scope)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_can_be_made_by_a_worker(world: World, name: str):
    """PostgreSQL refuses a name that is longer than its column."""
    assert made(ask(world.hr, report=name)).state(at=AT) == State.READY
