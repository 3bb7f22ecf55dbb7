"""The budgets of reports at national scale: the best SQL by hand, COPY and XlsxWriter, each in the same run."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.figures import Figure, at_least, at_most, known, told
from tests.end_to_end.stack import Stack

LEARNERS = {"": 100_000, "full": 1_000_000}
ROUNDS = {"": 5, "full": 5}
ROUNDS_OF_QUERIES = 11  # each takes a second or two
ROUNDS_OF_THE_NATION = {"": 5, "full": 3}  # millions of lines take minutes each
# Of an agency of sixty thousand. In the small one of the usual size what Python does weighs as much as the SQL.
TIMES_BARE, TIMES_JOINED = {"": 3, "full": 1.5}, {"": 1, "full": 5}
TIMES_COUNT, PAGE_MS = {"": 20, "full": 8}, {"": 5, "full": 2}
CSV_TIMES_COPY, XLSX_TIMES_XLSXWRITER = 1.5, 5
GROWTH_MIB, XLSX_MIB = 10, 60
DASHBOARD_MS = 500
OF_THE_NATION = {
    "overview": "/laporan/?tahun=2026",
    "earned": "/laporan/?tahun=2026&menurut=unit-saat-selesai",
    "course": "/laporan/?tahun=2026&pelatihan=contoh-1",
    "trends": "/laporan/tren/?tahun=2026",
    "agencies": "/laporan/instansi/?tahun=2026",
}


def measure(academy: Stack, *, database: str, size: str) -> list[Figure]:
    """`academy` has an empty database; PostgreSQL has the budgets, SQLite those of the usual size."""
    agency = size if database == "PostgreSQL" else ""
    learners = LEARNERS[size] if database == "PostgreSQL" else LEARNERS[""]
    nation = academy.ask("prepare_nation", learners=learners)
    told_of = f"{nation['learners']} learners, {nation['enrolments']} enrolments, {nation['largest']} in the agency"
    rounds = [academy.ask("agency_round") for _round in range(ROUNDS_OF_QUERIES)]
    hours = [academy.ask("hours_round") for _round in range(ROUNDS_OF_QUERIES)]
    figures = [
        told(f"report.agency ({database})", 1000 * _median(rounds, "by unit, whole"), "ms", told_of),
        at_most(
            f"report.hours ({database})", _ratio(hours, "hours", "count"), "x count(*)", TIMES_COUNT[agency], told_of
        ),
        at_most(
            f"report.hours page of the gap list ({database})",
            1000 * _median(hours, "page"),
            "ms",
            PAGE_MS[agency],
            f"its SQL, units counted before; {1000 * _median(hours, 'page, whole'):.0f} ms with Python; {told_of}",
        ),
    ]
    if database == "PostgreSQL":
        figures += [
            at_most("report.agency × bare SQL", _ratio(rounds, "ours", "bare"), "x", TIMES_BARE[agency], told_of),
            at_least(
                "report.agency × join form", _ratio(rounds, "joined", "ours"), "x faster", TIMES_JOINED[agency], told_of
            ),
        ]
    return known(figures) + known(_nation(academy, database, size, told_of)) + known(_files(academy, database, size))


def _nation(academy: Stack, database: str, size: str, told_of: str) -> list[Figure]:
    """The pages of whoever answers for all agencies; PostgreSQL has the budget."""
    rebuilt = academy.ask("rebuild_round")
    figures = [
        told(f"rollup.rebuild ({database})", rebuilt["seconds"], "s", f"{rebuilt['counted']} agencies and years")
    ]
    for name, address in OF_THE_NATION.items():
        rounds = [academy.ask("dashboard_round", address=address) for _round in range(ROUNDS[size])]
        title, taken = f"dashboard.national {name} ({database})", 1000 * _median(rounds, "seconds")
        note = f"{rounds[0]['queries']:.0f} queries; {told_of}"
        figures.append(
            at_most(title, taken, "ms", DASHBOARD_MS, note)
            if database == "PostgreSQL"
            else told(title, taken, "ms", note)
        )
    return figures


def _files(academy: Stack, database: str, size: str) -> list[Figure]:
    small = academy.ask("file_round", scope="hr@nation.test", word="csv")
    csv = [
        academy.ask("file_round", scope="nation@nation.test", word="csv")
        for _round in range(ROUNDS_OF_THE_NATION[size])
    ]
    xlsx = [academy.ask("file_round", scope="hr@nation.test", word="xlsx") for _round in range(ROUNDS[size])]
    lines = (
        f"{csv[0]['rows']:.0f} lines; COPY {_median(csv, 'copy'):.1f} s"
        if "copy" in csv[0]
        else f"{csv[0]['rows']:.0f} lines"
    )
    speed = told(f"export.csv ({database})", csv[0]["rows"] / _median(csv, "ours"), "lines/s", lines)
    rows = f"{xlsx[0]['rows']:.0f} lines; XlsxWriter {_median(xlsx, 'xlsxwriter'):.1f} s"
    if database == "PostgreSQL":
        rows += f", COPY {_median(xlsx, 'copy'):.1f} s; beside what reading takes {_beside_copy(xlsx):.1f} x"
    figures = [
        speed,
        at_least(
            f"export.xlsx ({database})", _ratio(xlsx, "xlsxwriter", "ours"), "x XlsxWriter",
            XLSX_TIMES_XLSXWRITER if database == "PostgreSQL" and size == "full" else 1, rows,
        ),
        at_most(f"export.xlsx memory ({database})", _median(xlsx, "grown"), "MiB", XLSX_MIB, "grown"),
        at_most(
            f"export.csv memory ({database})", max(0.0, _median(csv, "grown") - small["grown"]), "MiB", GROWTH_MIB,
            f"more than with {small['rows']:.0f} lines",
        ),
    ]  # fmt: skip
    if database == "PostgreSQL":
        figures.append(at_most("export.csv × COPY", _ratio(csv, "ours", "copy"), "x", CSV_TIMES_COPY, lines))
    return figures


def _median(rounds: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(each[name] for each in rounds))


def _beside_copy(rounds: list[dict[str, Any]]) -> float:
    """How many times as long XlsxWriter takes for what comes on top of reading the lines, as COPY does it."""
    return float(
        statistics.median((each["xlsxwriter"] - each["copy"]) / (each["ours"] - each["copy"]) for each in rounds)
    )


def _ratio(rounds: list[dict[str, Any]], name: str, floor: str) -> float:
    return float(statistics.median(each[name] / each[floor] for each in rounds))
