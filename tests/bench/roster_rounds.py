"""Runs inside the measured academy: one agency of 100,000 people, loaded again and again."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings
from django.db import connection, transaction

from academy.people import units
from academy.people.models import Agency, ChangeLog, Person, Placement, RosterImport, WorkUnit
from academy.people.roster.importing import Options, import_roster
from academy.people.roster.reading import read

CODE, UNITS = "BENCH", 500
HEADINGS = ("NIP", "Nama", "Gelar Depan", "Gelar Belakang", "Golongan", "Jabatan", "Unit Kerja", "Email", "Kedudukan")
GRADES = ("III/a", "III/b", "II/c", "IV/a")
AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def _file(ending: str) -> Path:
    return Path(settings.DATA_DIR) / f"roster.{ending}"


def _row(number: int) -> tuple[str, ...]:
    born, day = 1970 + number // 336 % 28, number % 28 + 1
    sequence = number // (336 * 28) + 1
    nip = f"{born}{number // 28 % 12 + 1:02d}{day:02d}{born + 25}{number % 12 + 1:02d}{number % 2 + 1}{sequence:03d}"
    return (
        nip, f"Maria Contoh {number}", "", "S.Kom.", GRADES[number % 4], f"Pranata Komputer {number % 300}",
        f"Bidang {number % UNITS}", f"maria{number}@rosters.test", "Aktif",
    )  # fmt: skip


def prepare_rosters(rows: int) -> None:
    agency, _made = Agency.objects.get_or_create(code=CODE, defaults={"kind": Agency.Kind.REGENCY, "name": "Kab. Ukur"})
    root = units.ensure_root(agency)
    for number in range(UNITS):
        units.ensure_unit(root, f"Bidang {number}")
    with _file("csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADINGS)
        writer.writerows(_row(number) for number in range(rows))
    with xlsxwriter.Workbook(_file("xlsx")) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([HEADINGS, *(_row(number) for number in range(rows))]):
            sheet.write_row(at, 0, row)


def roster_round() -> dict[str, float]:
    """Seconds for the same people by COPY, by a first import and by a second one; the tables are as before afterwards."""
    taken: dict[str, float] = {}
    if connection.vendor == "postgresql":
        taken |= _copied()
        _forget()
    for name in ("new", "unchanged"):
        taken[name], outcome = _timed(_import)
        assert outcome.counts()[name] == outcome.read
        _analyse()
    _forget()
    return taken


def _import() -> Any:
    agency = Agency.objects.get(code=CODE)
    return import_roster(_file("csv"), agency=agency, options=Options(), by=None, at=AT)


def _timed(action: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = action()
    return time.perf_counter() - began, answer


def _copied() -> dict[str, float]:
    """The floor: everything is ready as text, and only written."""
    columns = "nip, name, title_before, title_after, grade, position, email, kind, is_active, unit_id, password, is_superuser, is_staff, joined_at"
    keys = dict(WorkUnit.objects.filter(agency__code=CODE).values_list("name", "pk"))
    with _file("csv").open(newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    people = "".join(
        "\t".join([*row[:6], row[7], "pns", "t", str(keys[row[6]]), f"!{row[0]}{row[0]}", "f", "f", AT.isoformat()])
        + "\n"
        for row in rows
    )
    alone, _nothing = _timed(lambda: _copy(Person._meta.db_table, columns, people))
    placements = "".join(
        f"{person}\t{unit}\t2026-11-24\n" for person, unit in _ours().order_by("pk").values_list("pk", "unit")
    )
    beside, _nothing = _timed(lambda: _copy(Placement._meta.db_table, "person_id, unit_id, from_on", placements))
    return {"copy": alone, "copy_both": alone + beside}


def _copy(table: str, columns: str, lines: str) -> None:
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        copy.write(lines.encode())


def _ours() -> Any:
    return Person.objects.filter(unit__agency__code=CODE)


def _forget() -> None:
    """As if nobody had ever come, with tables and indexes as compact as before."""
    with transaction.atomic():
        _without_triggers()
        log = ChangeLog.objects.filter(unit__agency__code=CODE)
        imports = RosterImport.objects.filter(agency__code=CODE)
        for rows in (Placement.objects.filter(person__in=_ours()), log, imports, _ours()):
            rows._raw_delete(rows.db)
    _analyse(vacuum=True)


def _without_triggers() -> None:
    """Nobody refers to these people; asking thirty tables about each takes minutes, so a superuser does not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone()[0]:
                cursor.execute("SET LOCAL session_replication_role = replica")


def _analyse(*, vacuum: bool = False) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in (Person._meta.db_table, Placement._meta.db_table):
                cursor.execute(f"VACUUM ANALYZE {table}" if vacuum else f"ANALYZE {table}")
                if vacuum:
                    cursor.execute(f"REINDEX TABLE {table}")


def read_xlsx() -> dict[str, float]:
    """Seconds to read the workbook, by us and by openpyxl's fastest way."""
    import openpyxl

    ours, table = _timed(lambda: read(_file("xlsx"), {}))

    def theirs() -> int:
        book = openpyxl.load_workbook(_file("xlsx"), read_only=True)
        count = sum(1 for _row in book.active.iter_rows(values_only=True))
        book.close()
        return count

    seconds, count = _timed(theirs)
    assert count == len(table) + 1
    return {"ours": ours, "openpyxl": seconds}


def peak_of_an_import() -> float:
    """MiB that a process of its own holds at most, for the larger of the two files."""
    command = [sys.executable, "manage.py", "import_roster", str(_file("xlsx")), "--agency", CODE, "--dry-run"]
    subprocess.run(command, check=True, capture_output=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
