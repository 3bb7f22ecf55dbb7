"""Long files, rendered by the database where it can, hold what the short ones hold: byte by byte, cell by cell."""

from __future__ import annotations

import gc
import io
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pandas as pd
import pytest
from django.db import connection

from academy.people.models import Person
from academy.people.placements import place
from academy.reports import control, people
from academy.reports.control import Circumstances
from academy.reports.files import write_csv, write_json
from academy.reports.filters import Attribution, Filters, State
from academy.reports.scope import scope_of
from academy.reports.tables import QueryLines, Table
from academy.reports.workbooks import write_long_xlsx, write_xlsx
from courses.models import Enrolment, EnrolmentProgress
from tests.factories import PersonFactory
from tests.reports.world import AT, World, read_json

HERE = Circumstances(scope="Kab. Kupang", filters=[("Tahun", "2026")], as_of=AT)
SIGNS = [
    *"=+-@;,\"<>&\\\t\r\n'% \u00a0\uff1d\uff0b\uff0d\uff20",
    "\x01",
    "\x0b",
    "\x1f",
    "\u2028",
    "\U0001f600",
    "a",
    "É",
    "7",
]


# Each has one thing alone that has to be escaped, at the beginning, within or at the end.
ONE_EACH = [
    "A&B",
    "A<",
    ">A",
    '"A',
    "=A",
    "  +A",
    "A;-1",
    "A\t@1",
    "A\\",
    " A",
    "A ",
    "\nA",
    "A\x01",
    "A \x01",
    "\uff1dA",
    "A\u2028B",
    "A_x000D_B",  # a sign of that number, to a reader of XLSX
]


def nasty(seed: int) -> str:
    dice = random.Random(seed)
    return "".join(dice.choices(SIGNS, k=dice.randint(1, 12))) or "a"


@pytest.fixture
def tables(world: World) -> dict[str, Table]:
    """Every kind of column, and texts that a spreadsheet, CSV, XML or COPY may take for something else."""
    for name in ONE_EACH:
        PersonFactory(name=name, unit=world.kesehatan)
    for seed in range(60):
        PersonFactory(name=nasty(seed), unit=world.kesehatan, title_before=nasty(seed + 1000)[:10])
    place(world.people["beni"], unit=world.people["gita"].unit, from_on=AT.date(), today=AT.date())  # elsewhere now
    for number, enrolment in enumerate(Enrolment.objects.order_by("pk")[::2]):
        late = datetime(2026, 11, 2, 15, 59, tzinfo=UTC) + timedelta(minutes=number % 2)  # before and at midnight
        EnrolmentProgress.objects.create(enrolment=enrolment, percent=99 + number % 2, last_active_at=late)
    Person.objects.filter(pk=world.people["ana"].pk).update(nip=None, email="a@b.test")
    scope = scope_of(world.hr, at=AT)
    assert scope
    courses = [world.course_x, world.course_y]
    return {
        "people": people.people(scope, Filters(2026, state=State.TARGET), today=AT.date()),
        "people of a course": people.people(
            scope, Filters(2026, course=courses[0], state=State.TARGET), today=AT.date()
        ),
        "participants": people.participants(scope, Filters(2026, state=State.ENROLLED), courses, today=AT.date()),
        "pairs": people.participants(scope, Filters(2026, state=State.TARGET), courses, today=AT.date()),
        "who earned": people.people_who_earned(scope, Filters(2026, attribution=Attribution.EARNED)),
        "completions": people.completions(scope, Filters(2026, attribution=Attribution.EARNED)),
        "own courses": people.own_courses(world.people["ana"]),
        "own certificates": people.own_certificates(world.people["ana"], at=AT),
    }


TABLES = [
    "people",
    "people of a course",
    "participants",
    "pairs",
    "who earned",
    "completions",
    "own courses",
    "own certificates",
]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LONG", 0)


def cells(workbook: bytes) -> dict[str, list[list[Any]]]:
    """Value, type and format of every cell, by sheet."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    return {
        sheet.title: [[(cell.value, cell.data_type, cell.number_format) for cell in row] for row in sheet.iter_rows()]
        for sheet in book
    }


@pytest.mark.parametrize("name", TABLES)
def test_the_same_bytes_as_csv(tables: dict[str, Table], long: None, name: str, monkeypatch: pytest.MonkeyPatch):
    table = tables[name]
    assert isinstance(table.lines, QueryLines)
    assert (control.copied(table.lines) is not None) is (connection.vendor == "postgresql")
    quick, slow = io.BytesIO(), io.BytesIO()
    of_quick = write_csv(table, HERE, quick)
    monkeypatch.setattr(control, "LONG", 10**9)
    of_slow = write_csv(table, HERE, slow)
    assert quick.getvalue() == slow.getvalue()
    assert (of_quick.rows, of_quick.sha256, of_quick.all_sums()) == (of_slow.rows, of_slow.sha256, of_slow.all_sums())
    assert of_quick.rows == len(table.lines) > 0


@pytest.mark.parametrize("name", TABLES)
def test_the_same_cells_as_xlsxwriter(tables: dict[str, Table], long: None, name: str, monkeypatch: pytest.MonkeyPatch):
    table = tables[name]
    quick, slow = io.BytesIO(), io.BytesIO()
    of_quick = write_long_xlsx(table, HERE, quick)
    monkeypatch.setattr(control, "LONG", 10**9)
    of_slow = write_xlsx(table, HERE, slow)
    assert of_quick.sha256 == of_slow.sha256 == write_json(table, HERE, io.BytesIO()).sha256
    assert cells(quick.getvalue()) == cells(slow.getvalue())


def test_sheets_are_split_and_read_by_pandas_too(tables: dict[str, Table], long: None):
    table, file, json_file = tables["people"], io.BytesIO(), io.BytesIO()
    write_long_xlsx(table, HERE, file, most_rows=60)
    sheets = pd.read_excel(file, sheet_name=None, dtype=str, engine="calamine", keep_default_na=False)
    assert list(sheets) == ["Data", "Data 2", "Keterangan"]
    assert [len(sheets[name]) for name in ("Data", "Data 2")] == [60, len(table.lines) - 60 + 1]
    write_json(table, HERE, json_file)
    nips = [row[0] or "" for row in read_json(json_file.getvalue()).rows]
    assert [*sheets["Data"]["NIP"], *sheets["Data 2"]["NIP"][:-1]] == nips


def test_whether_lines_exceed_a_number_is_asked_without_counting_them(
    tables: dict[str, Table], django_assert_num_queries: Any
):
    lines = tables["people"].lines
    assert isinstance(lines, QueryLines)
    count = lines.queryset.count()
    with django_assert_num_queries(2) as asked:
        assert (lines.exceed(count - 1), lines.exceed(count)) == (True, False)
    assert "COUNT" not in asked[0]["sql"]
    len(lines)
    with django_assert_num_queries(0):
        assert (lines.exceed(count - 1), lines.exceed(count)) == (True, False)


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_nobody_counts_the_lines_of_a_long_file(tables: dict[str, Table], long: None, write: Any):
    """Of a nation that takes minutes, and lines are as true as they are many where somebody asks for their truth."""
    lines = tables["completions"].lines
    assert isinstance(lines, QueryLines)
    uncounted = Table("peserta", "Peserta", tuple(lines.columns), lines.showing(lines.columns))
    asked: list[str] = []

    def watched(execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        asked.append(sql)
        return execute(sql, *call)

    with connection.execute_wrapper(watched):
        write(uncounted, HERE, io.BytesIO())
    assert [sql for sql in asked if "COUNT(" in sql] == []


@pytest.mark.parametrize("write", [write_csv, write_long_xlsx])
def test_progress_is_told_and_may_end_the_writing(
    tables: dict[str, Table], long: None, monkeypatch: pytest.MonkeyPatch, write: Any
):
    """What is left behind goes quietly: nothing writes into the file that was given up."""
    monkeypatch.setattr(control, "PORTION", 10)
    told: list[int] = []
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)

    def stop(rows: int) -> None:
        told.append(rows)
        if rows >= 20:
            raise InterruptedError

    count = len(tables["people"].lines)  # before the writing ends: nothing may be asked where a COPY was broken off
    file = io.BytesIO()
    try:
        write(tables["people"], HERE, file, stop)
    except InterruptedError:
        file.close()  # before the writer is gone, which the error holds
    gc.collect()
    assert 20 <= told[-1] < count
    assert not complaints
