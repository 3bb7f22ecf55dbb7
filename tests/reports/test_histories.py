"""Promise P6: whatever happened, every report says in every format what a plain recount says, and so do the copies."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from academy.people.models import WorkUnit
from academy.reports import control
from academy.reports.control import Circumstances
from academy.reports.files import FORMATS
from academy.reports.filters import Attribution
from academy.reports.recounts import RECOUNTS, Kind
from academy.reports.registry import REPORTS, read_question
from academy.reports.scope import Scope, scope_of
from academy.reports.tables import QueryLines, Table
from certificates.models import Certificate
from courses.models import Course, Enrolment
from tests.reports.histories import (
    ACTIONS,
    AT,
    Stage,
    certify,
    finish,
    happen,
    join,
    make_stage,
    move,
    revoke,
)
from tests.reports.recounts import RECOUNTED
from tests.reports.recounts.academy import Academy, Values, share
from tests.reports.world import READERS, as_text

pytestmark = pytest.mark.django_db
PORTION = 3
NO_LIMIT = 10**9
# A history is dear: it is told once for so many reports, each in both views.
GROUPS = [list(REPORTS)[start::3] for start in range(3)]
MOST = max(map(len, GROUPS))

steps = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7), st.integers(0, 59)), min_size=10, max_size=40
)  # fmt: skip
questions = st.fixed_dictionaries(
    {"tahun": st.sampled_from(["2026", "2026", "2025"])},
    optional={
        "pelatihan": st.integers(0, 1),
        "unit": st.integers(0, 3),
        "langsung": st.just("ya"),
        "keadaan": st.integers(0, 59),
        "status": st.just("nonaktif"),
        "bulan": st.sampled_from(["3", "11"]),
        "q": st.sampled_from(["maria", "contoh 1", "tidak ada"]),
    },
)


@pytest.fixture
def stage(db: None) -> Stage:
    return make_stage()


def test_every_report_is_recounted():
    assert set(RECOUNTED) == set(REPORTS), "a report needs a recount in plain Python, in tests/reports/recounts/"


def test_the_recount_itself_knows_a_history_by_heart(stage: Stage):
    """Guards the guard: somebody of the agency's root takes a course of 1 JP, is certified, and loses both."""
    scope = scope_of(stage.hr, at=AT)
    assert scope

    def line() -> tuple[Values, Values, Values]:
        question, _problems = read_question(
            {"tahun": "2026", "pelatihan": Course.objects.order_by("pk")[0].key},
            REPORTS["peserta"].choices,
            scope=scope,
            at=AT,
        )
        academy = Academy(AT)
        units = {str(values[0]): values for values in RECOUNTED["unit"](academy, question)}
        (of_pair,) = RECOUNTED["peserta"](academy, question)
        (of_course,) = RECOUNTED["pelatihan"](academy, question)
        return of_pair[6:], units["Pemkab Kupang (langsung)"][1:], of_course[1:]

    join(stage, 0, 0)  # in March 2025, the first edition
    # of the root: the person and the officer; of the agency: three more
    no_day: Values = ("1.0", "Belum dimulai", 0, None, None, None, None, "")
    assert line() == (no_day, (2, 1, 1, 0, 0, 0, 0, Decimal("0.0")), (5, 1, 1, 0, 0, 0, 0, Decimal("0.0")))
    Enrolment.objects.update(due_on=AT.date() - timedelta(days=1))
    assert line() == (no_day, (2, 1, 1, 0, 0, 0, 1, Decimal("0.0")), (5, 1, 1, 0, 0, 0, 1, Decimal("0.0")))
    finish(stage, 0, 4)  # on 24 November 2026
    certify(stage, 0, 1)
    number = Certificate.objects.get().number
    done = ("1.0", "Selesai", 100, AT.date(), Decimal("100.00"), 1, AT.date(), number)
    assert line() == (done, (2, 1, 0, 0, 1, 1, 0, Decimal("50.0")), (5, 1, 0, 0, 1, 1, 0, Decimal("20.0")))
    revoke(stage, 0, 0)  # with the credit
    assert line() == (
        (*done[:5], 0, AT.date(), ""),
        (2, 1, 0, 0, 1, 0, 0, Decimal("50.0")),
        (5, 1, 0, 0, 1, 0, 0, Decimal("20.0")),
    )


def test_the_recount_knows_by_heart_what_was_earned_by_who_left(stage: Stage):
    """Somebody of the root takes 1 JP and then 20 JP of one course in a year, is certified twice, and leaves service."""
    scope = scope_of(stage.hr, at=AT)
    assert scope
    for what in (0, 6 + 4):  # the first edition in the first run; the second edition in the second run
        join(stage, 0, what)
    assert {(one.edition.credit_hours, one.run.number) for one in Enrolment.objects.all()} == {(1, None), (20, 2)}
    for what in (4, 4 + 5):  # both on 24 November 2026
        finish(stage, 0, what)
    certify(stage, 0, 1)

    def lines(name: str) -> list[Values]:
        query = {"tahun": "2026", "menurut": Attribution.EARNED.value}
        question, problems = read_question(query, REPORTS[name].choices, scope=scope, at=AT)
        assert not problems
        return RECOUNTED[name](Academy(AT), question)

    assert lines("unit")[0] == ("Pemkab Kupang (langsung)", 2, 2, 20)
    assert [line[5:] for line in lines("pegawai")] == [(2, 2, 20)]
    assert sorted(line[10] for line in lines("peserta")) == [0, 20]  # type: ignore[type-var]
    assert lines("pegawai")[0][1] == f"{stage.people[0].name}, S.Kom."
    move(stage, 0, 0)  # out of service
    nobody = ("", "Tidak lagi di lingkup Anda", "", "", "")
    assert lines("unit")[0] == ("Pemkab Kupang (langsung)", 2, 2, 20)
    assert lines("pegawai") == [(*nobody, 2, 2, 20)]
    assert {(*line[:5], line[11]) for line in lines("peserta")} == {(*nobody, AT.date())}
    assert {(line[9], line[12]) for line in lines("peserta")} == {(None, "")}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=steps, asked=st.lists(questions, min_size=MOST, max_size=MOST))
@pytest.mark.parametrize("names", GROUPS, ids="+".join)
def test_totals_and_lines_are_the_same_in_every_format_and_in_a_recount(
    stage: Stage, names: list[str], steps: list[Any], asked: list[dict[str, Any]]
):
    with transaction.atomic():
        happen(stage, steps)
        academy, scope = Academy(AT), scope_of(stage.hr, at=AT)
        assert scope is not None
        for name, params in zip(names, asked[: len(names)], strict=True):
            for attribution in Attribution if REPORTS[name].choices.earned else [Attribution.TODAY]:
                check_report(name, as_query(name, params, attribution, stage), academy, scope)
        check_copies()
        transaction.set_rollback(True)


def as_query(name: str, params: dict[str, Any], attribution: Attribution, stage: Stage) -> dict[str, str]:
    """What makes sense for this report: states and searches are of lists, inactive people of one list only."""
    choices = REPORTS[name].choices
    query = params | {"menurut": attribution.value}
    if "unit" in query:
        unit = WorkUnit.objects.get(pk=stage.places[query["unit"]].pk)
        query["unit"] = str(unit.pk)
        if not unit.path.startswith(stage.places[0].path):
            del query["unit"]
    if "unit" not in query:
        query.pop("langsung", None)
    if not choices.course:
        query.pop("pelatihan", None)
    if "pelatihan" in query:
        query["pelatihan"] = Course.objects.order_by("pk")[query["pelatihan"]].key
    lists = choices.lists(attribution)
    if "keadaan" in query:
        query["keadaan"] = lists[query["keadaan"] % len(lists)].value if lists else ""
    unknown = {
        "q": not REPORTS[name].searchable,
        "bulan": not choices.month,
        "status": not choices.inactive or attribution == Attribution.EARNED,
    }
    return {key: value for key, value in query.items() if not unknown.get(key)}


def check_report(name: str, query: dict[str, str], academy: Academy, scope: Scope) -> None:
    report = REPORTS[name]
    question, problems = read_question(query, report.choices, scope=scope, at=AT)
    assert not problems, (name, query)
    table, meant = report.table(question), RECOUNTED[name](academy, question)
    where = (name, query)
    shown = on_pages(table)
    assert Counter(shown) == Counter(meant), where
    totals = total_row(table, meant)
    assert table.total_row(table.lines.sums()) == totals, where
    stated = set()
    for long in (NO_LIMIT, 0):
        for word in FORMATS if long else FORMATS.keys() - {"pdf"}:  # of which there is one way
            rows, total, facts = in_file(table, word, long=long)
            as_read = unbroken if word == "pdf" else list
            assert [*map(as_read, rows)] == [as_read(map(as_cell, line)) for line in shown], (where, word, long)
            assert as_read(total) == as_read(map(as_cell, totals)), (where, word, long)
            stated.add(facts)
    assert stated == {(len(meant), hash_of(table))}, where


def unbroken(cells: Iterable[str]) -> list[str]:
    """On paper a cell may be broken into lines anywhere, which are read with a space between them."""
    return ["".join(cell.split()) for cell in cells]


def on_pages(table: Table) -> list[Values]:
    """As a reader turns the pages: as many lines as the paginator was told of, none twice."""
    count = len(table.lines)
    return [line.values for start in range(0, count, PORTION) for line in table.lines[start : start + PORTION]]


def total_row(table: Table, lines: list[Values]) -> Values:
    """The sum of the lines of the recount, and shares worked out from the sums."""
    keys = [column.key for column in table.columns]
    sums = {key: sum(line[place] or 0 for line in lines) for place, key in enumerate(keys)  # type: ignore[misc]
            if table.columns[place].totalled}  # fmt: skip
    return (
        "Jumlah",
        *(
            share(*(sums[key] for key in column.share)) if column.share else sums.get(column.key)
            for column in table.columns[1:]
        ),
    )


def in_file(table: Table, word: str, *, long: int) -> tuple[list[list[str]], list[str], tuple[int, str]]:
    """Lines and totals as the file holds them, rows and hash as it states them; above `long` lines the quick way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "LONG", long)
        out = io.BytesIO()
        if long == 0 and len(table.lines) and isinstance(table.lines, QueryLines):
            assert (control.copied(table.lines) is not None) is (connection.vendor == "postgresql")
        written = FORMATS[word].write(table, Circumstances("Kab. Kupang", [], AT), out, None)
    sheet = READERS[word](out.getvalue())
    assert sheet.headings == table.headings
    lines = [[as_cell(cell) for cell in row] for row in sheet.rows]
    return lines, [as_cell(cell) for cell in sheet.totals], (written.rows, written.sha256)


def as_cell(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return as_text(float(value) if isinstance(value, Decimal) else value)


def hash_of(table: Table) -> str:
    """Over the lines of the CSV file, worked out from the file."""
    out = io.BytesIO()
    FORMATS["csv"].write(table, Circumstances("", [], AT), out, None)
    _heading, *lines, _totals = out.getvalue().splitlines(keepends=True)
    return hashlib.sha256(b"".join(lines)).hexdigest()


def check_copies() -> None:
    """No recount finds anything, but for certificates that the history owes."""
    found = [difference for recount in RECOUNTS for difference in recount(AT)]
    assert [one for one in found if one.kind != Kind.NO_CERTIFICATE] == []
