"""`manage.py import_roster`: exit codes, the object on the last line, and a process that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from academy.people.models import Person, RosterImport, WorkUnit
from academy.people.roster import jobs
from tests.factories import make_hr, make_nip
from tests.people.imports.handing_in import signed_in
from tests.people.roster.files import everything, line, load, make_agency, write_csv

PROJECT = Path(__file__).resolve().parents[3]


def run(*arguments) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("import_roster", *map(str, arguments), "--json", stdout=out, stderr=StringIO())
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def agency(db):
    return make_agency()


def test_all_good(tmp_path, agency):
    code, told = run(write_csv(tmp_path, [line(1)]), "--agency", agency.code)
    assert code == 0
    assert told == {
        "read": 1,
        "new": 1,
        "changed": 0,
        "moved": 0,
        "gone": 0,
        "unchanged": 0,
        "refused": 0,
        "refusals": [],
    }
    assert run(write_csv(tmp_path, [line(1)]), "--agency", agency.code)[1]["unchanged"] == 1


def test_it_leaves_an_import_that_hr_sees_and_can_undo(tmp_path, agency):
    root = WorkUnit.objects.get(agency=agency, depth=1)
    client = signed_in(make_hr(root, nip=None))
    before = everything()
    file = write_csv(tmp_path, [line(1), line(2, Golongan="V/z"), line(3, Unit_Kerja="Unit Baru")])
    assert run(file, "--agency", agency.code, "--create-units", "--dry-run")[0] == 3
    assert not RosterImport.objects.exists()
    assert run(file, "--agency", agency.code, "--create-units")[0] == 3
    job = RosterImport.objects.get()
    assert (job.agency, job.by, job.state, job.file_name, job.progress) == (agency, None, "applied", file.name, 100)
    assert (job.counts["new"], job.create_units, job.sha256) == (2, True, sha256(file.read_bytes()).hexdigest())
    assert [each["row"] for each in job.samples["refusals"]] == [3]
    assert "baris perintah" in client.get("/laporan/pegawai/impor/").text
    assert "oleh baris perintah" in client.get(f"/laporan/pegawai/impor/{job.pk}/").text
    client.post(f"/laporan/pegawai/impor/{job.pk}/urungkan/")
    assert jobs.work_on(job.pk, at=job.at)
    assert everything() == before
    assert "Diurungkan" in client.get(f"/laporan/pegawai/impor/{job.pk}/").text


def test_what_changes_nothing_leaves_no_import(tmp_path, agency):
    file = write_csv(tmp_path, [line(1)])
    for _twice in range(2):
        run(file, "--agency", agency.code)
    run(write_csv(tmp_path, [line(1), line(2, Golongan="V/z")]), "--agency", agency.code, "--strict")
    assert RosterImport.objects.count() == 1


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_partly_refused(tmp_path, agency, dry):
    code, told = run(write_csv(tmp_path, [line(1), line(2, Golongan="V/z")]), "--agency", agency.code, *dry)
    assert code == 3
    assert told["refusals"] == [
        {"row": 3, "column": "Golongan", "value": "V/z", "message": told["refusals"][0]["message"]}
    ]
    assert Person.objects.count() == (0 if dry else 1)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_refused_whole(tmp_path, agency, dry):
    bad = write_csv(tmp_path, [line(1), line(2, Golongan="V/z")])
    code, told = run(bad, "--agency", agency.code, "--strict", *dry)
    assert (code, told["read"], told["refused"], told["new"]) == (2, 2, 2, 0)
    code, told = run(bad, "--agency", "tidak-ada", *dry)
    assert (code, told["read"], len(told["refusals"])) == (2, 0, 1)
    assert run(tmp_path / "tidak-ada.csv", "--agency", agency.code, *dry)[0] == 2
    assert run(write_csv(tmp_path, [["x"]], headings=["Kegiatan"]), "--agency", agency.code, *dry)[0] == 2
    assert Person.objects.count() == 0


def test_a_mapping_and_new_units(tmp_path, agency):
    file = write_csv(tmp_path, [[make_nip(1), "Yohanes", "Unit Baru"]], headings=["Nomor=1", "Nama", "Unit Kerja"])
    assert run(file, "--agency", agency.code, "--map", "Nomor=1=nip")[0] == 2
    assert run(file, "--agency", agency.code, "--map", "Nomor=1=nip", "--create-units")[0] == 0
    assert run(file, "--agency", agency.code, "--map", "Nomor=apa")[0] == 2


DIE = """
import os, signal, sys
import django
django.setup()
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from academy.people.models import Agency
from academy.people.roster.importing import Options, import_roster
def die(percent):
    if percent == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
import_roster(Path(sys.argv[1]), agency=Agency.objects.get(code=sys.argv[2]), options=Options(deactivate_gone=True, create_units=True),
              by=None, at=datetime(2026, 11, 24, 6, 30, tzinfo=UTC), progress=die)
"""


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    given = os.environ["DATABASE_URL"]
    before, _slash, _name = given.partition("?")[0].rpartition("/")
    return f"{before}/{name}"


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("percent", [60, 80, 95])
def test_a_process_that_is_killed_while_it_applies_writes_nothing(tmp_path, percent):
    agency = make_agency()
    load(write_csv(tmp_path, [line(number) for number in range(3)]), agency)
    file = write_csv(tmp_path, [line(0, Golongan="IV/a"), line(1, Unit_Kerja="Unit Baru"), line(7)])
    before, imports = everything(), RosterImport.objects.count()
    killed = subprocess.run(
        [sys.executable, "-c", DIE, str(file), agency.code, str(percent)],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "academy.settings"},
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert (everything(), RosterImport.objects.count()) == (before, imports)
    assert load(file, agency, create_units=True).counts() == {
        "read": 3, "new": 1, "changed": 1, "moved": 1, "gone": 1, "unchanged": 0, "refused": 0,
    }  # fmt: skip
