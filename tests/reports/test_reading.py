"""A page of a report is given up in time, and reports may be read from another database than everything else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.db.models import IntegerField, TextField
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.test import Client

from academy.people.models import Person
from academy.reports import control, reading
from academy.reports.columns import Column, Kind
from academy.reports.exports import heart, jobs, making
from academy.reports.models import Export
from academy.reports.registry import REPORTS
from academy.reports.tables import MadeLines, QueryLines, Table
from tests.end_to_end.workers import PROJECT, database_url
from tests.factories import AT
from tests.reports.exporting import files, make_export
from tests.reports.world import World, soup

pytestmark = pytest.mark.django_db(transaction=True)
# Goes on for ever unless it is ended.
ENDLESS = {
    "sqlite": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "postgresql": "SELECT pg_sleep(3600)",
}


def ask_endlessly(*, after: float = 0) -> None:
    time.sleep(after)
    with connection.cursor() as cursor:
        cursor.execute(ENDLESS[connection.vendor])


def test_a_query_that_takes_too_long_is_ended():
    with pytest.raises(reading.TooLong), reading.limited(0.1):
        ask_endlessly()
    assert Export.objects.count() == 0, "the connection goes on"


def test_a_query_that_begins_too_late_is_ended_too():
    with pytest.raises(reading.TooLong), reading.limited(0.1):
        ask_endlessly(after=0.3)


def test_what_is_quick_and_what_comes_later_is_left_alone():
    with reading.limited(0.1):
        assert Export.objects.count() == 0
    time.sleep(0.3)
    assert Export.objects.count() == 0


def test_another_trouble_of_the_database_is_told_as_it_is():
    def fail() -> None:
        raise OperationalError("gone")

    with pytest.raises(OperationalError, match="gone"), reading.limited(60):
        fail()


@pytest.fixture
def endless_report(monkeypatch, settings):
    """The people of a nation: whoever counts them waits for ever."""

    class Endless(MadeLines):
        def __len__(self) -> int:
            ask_endlessly()
            return 0

    people = REPORTS["pegawai"]
    table = Table("pegawai", people.title, (), Endless((), ()))
    monkeypatch.setitem(REPORTS, "pegawai", replace(people, table=lambda _question: table))
    settings.REPORTS_SECONDS = 0.2


def test_a_page_that_takes_too_long_offers_its_files(world: World, hr: Client, endless_report):
    response = hr.get(f"/laporan/pegawai/?keadaan=selesai&unit={world.kesehatan.pk}")
    assert response.status_code == 422
    page = soup(response)
    assert page.h1.get_text(strip=True) == "Laporan ini terlalu besar untuk ditampilkan langsung"
    links = [link["href"] for link in page.select("main .card a")]
    assert links == [
        f"/laporan/pegawai.{word}?keadaan=selesai&unit={world.kesehatan.pk}" for word in ("xlsx", "csv", "json", "pdf")
    ]


def test_a_file_whose_lines_cannot_be_counted_in_time_becomes_a_job(world: World, hr: Client, endless_report):
    response = hr.get("/laporan/pegawai.csv")
    assert response.status_code == 202
    assert Export.objects.get().total is None
    assert "0 baris ditulis" in soup(response).get_text()


@pytest.fixture
def endless_lines(monkeypatch) -> None:
    """A list of people whose first line never comes."""
    number = Column("number", "Angka", Kind.INTEGER)
    endless = RawSQL(f"({ENDLESS[connection.vendor]})", (), output_field=IntegerField())  # noqa: S611  ours
    lines = QueryLines(
        (number,), Person.objects.order_by("pk"), {"number": Cast(Cast(endless, TextField()), IntegerField())}
    )
    table = Table("pegawai", REPORTS["pegawai"].title, (number,), lines)
    monkeypatch.setitem(REPORTS, "pegawai", replace(REPORTS["pegawai"], table=lambda _question: table))
    monkeypatch.setattr(control, "LONG", 1)  # PostgreSQL renders what is long


@pytest.mark.parametrize("word", ["csv", "xlsx", "json"])
def test_a_job_whose_query_never_ends_is_given_up(world: World, monkeypatch, endless_lines, word: str):
    monkeypatch.setattr(making, "MOST_TIME", timedelta(seconds=0.2))
    export = make_export(world.hr, format=word)
    assert jobs.work_on_next(clock=lambda: AT)
    export.refresh_from_db()
    assert (export.problem, export.failed_at, files()) == (Export.Problem.TIME, AT, [])
    assert not jobs.work_on_next(clock=lambda: AT)


@pytest.mark.parametrize("word", ["csv", "xlsx", "json"])
def test_cancelling_ends_the_query_of_a_worker(world: World, monkeypatch, endless_lines, word: str):
    monkeypatch.setattr(heart, "BEAT_SECONDS", 0.05)
    export = make_export(world.hr, format=word)

    def cancel() -> None:
        while not Export.objects.filter(pk=export.pk, claim__isnull=False).exists():
            time.sleep(0.01)
        jobs.discard(Export.objects.get(pk=export.pk), at=AT)
        connections.close_all()

    with ThreadPoolExecutor() as pool:
        cancelling = pool.submit(cancel)
        assert jobs.work_on_next(clock=lambda: AT)
        cancelling.result()
    export.refresh_from_db()
    assert (export.state(at=AT), files()) == (Export.State.CANCELLED, [])
    assert Person.objects.exists()  # the connection serves the next one


ASLEEP = """
import django
django.setup()
from django.db import connection
connection.cursor().execute("SELECT pg_sleep(600)")
"""


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="its statements end with the process")
def test_what_a_killed_process_asked_is_not_worked_on(tmp_path):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "academy.settings", "DATABASE_URL": database_url()}
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'"

    def sleepers() -> int:
        with connection.cursor() as cursor:
            cursor.execute(asleep)
            return int(cursor.fetchone()[0])

    def wait_for(count: int) -> None:
        deadline = time.monotonic() + 30
        while sleepers() != count:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    process = subprocess.Popen(
        [sys.executable, "-c", ASLEEP], cwd=PROJECT, env=environment | {"DATA_DIR": str(tmp_path)}
    )
    wait_for(1)
    process.kill()
    process.wait()
    wait_for(0)


SCRIPT = """
import django
django.setup()
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from academy.people.models import Person
client = Client(headers={"host": "localhost"})
client.force_login(Person.objects.get(pk=%(officer)d))
for address in ("/laporan/pegawai/", "/laporan/pegawai/%(person)d/", "/laporan/peserta.csv", "/laporan/berkas/", "/laporan/"):
    with CaptureQueriesContext(connections["default"]) as here, CaptureQueriesContext(connections["reports"]) as there:
        response = client.get(address)
    tables = sum("courses_enrolment" in query["sql"] for query in here)
    writes = sum(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in there)
    print(address, response.status_code, len(there) > 0, tables, writes)

from django.utils import timezone
from academy.reports import reconciliation
from academy.reports.exports import jobs
from tests.reports.exporting import ask
officer = Person.objects.get(pk=%(officer)d)
export = ask(officer, at=timezone.now(), report="peserta")
with CaptureQueriesContext(connections["default"]) as here, CaptureQueriesContext(connections["reports"]) as there:
    assert jobs.work_on_next(clock=timezone.now)
    run = reconciliation.work(clock=timezone.now)
export.refresh_from_db()
tables = sum("courses_enrolment" in query["sql"] for query in here)
writes = sum(query["sql"].startswith(("INSERT", "UPDATE", "DELETE")) for query in there)
print("worker", bool(export.ready_at), run.problem, len(there) > 0, tables, writes)

away = connections["reports"]
away.close()
away.settings_dict["OPTIONS"].pop("pool", None)  # what is in there was connected before
away.settings_dict |= {"NAME": "/nowhere/at/all", "HOST": "127.0.0.1", "PORT": "1"}
for address in ("/laporan/pegawai/", "/laporan/peserta.csv?tahun=2026&cari=x"):
    response = client.get(address)
    print(response.status_code, "Basis data laporan tidak menjawab" in response.content.decode())
"""


def test_tables_are_read_from_the_database_for_reports_and_nothing_is_written_there(world: World, tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "academy.settings",
        "DATA_DIR": str(tmp_path),
        "DEBUG": "true",  # its style sheets need no collecting
        "DATABASE_URL": database_url(),
        "REPORTS_DATABASE_URL": database_url(),
    }
    officer, person = world.hr.pk, world.people["ana"].pk
    script = SCRIPT % {"officer": officer, "person": person}
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.splitlines() == [
        "/laporan/pegawai/ 200 True 0 0",
        f"/laporan/pegawai/{person}/ 200 True 0 0",
        "/laporan/peserta.csv 200 True 0 0",
        "/laporan/berkas/ 200 False 0 0",
        "/laporan/ 200 True 0 0",
        "worker True  True 0 0",
        "503 True",
        "503 True",
    ], told.stderr
