"""The budget of the roster import: 100,000 rows, against COPY into the indexed table and against openpyxl."""

from __future__ import annotations

import statistics
from typing import Any

from tests.bench.figures import Figure, at_least, at_most, below, told
from tests.end_to_end.stack import Stack

ROWS = 100_000
NEW_TIMES_COPY, UNCHANGED_TIMES_COPY, TIMES_OPENPYXL = 2, 1, 8
MEMORY_MIB = 900


def measure(academy: Stack, *, database: str, rounds: int) -> list[Figure]:
    academy.ask("prepare_rosters", rows=ROWS)
    taken: list[dict[str, Any]] = [academy.ask("roster_round") for _round in range(rounds)]
    figures = _against_copy(taken, database) if database == "PostgreSQL" else []
    for name in ("new", "unchanged"):
        seconds = statistics.median(each[name] for each in taken)
        figures.append(told(f"import.roster {name} ({database})", ROWS / seconds, "rows/s", "CSV from file to commit"))
    if database == "PostgreSQL":  # reading a file knows no database
        xlsx = academy.ask("read_xlsx")
        note = f"openpyxl {xlsx['openpyxl']:.1f} s; the guard against bombs included"
        figures.append(
            at_least("import.roster XLSX read", xlsx["openpyxl"] / xlsx["ours"], "x openpyxl", TIMES_OPENPYXL, note)
        )
    peak = academy.ask("peak_of_an_import")
    return [
        *figures,
        below(f"import.roster peak memory ({database})", peak, "MiB", MEMORY_MIB, "the command, resident"),
    ]


def _against_copy(taken: list[dict[str, Any]], database: str) -> list[Figure]:
    """Against COPY into both tables that an import fills, people and placements."""

    def median_of(name: str, floor: str) -> float:
        return float(statistics.median(each[name] / each[floor] for each in taken))

    copied = statistics.median(each["copy_both"] for each in taken)
    note = f"COPY of the same people and placements {copied:.2f} s, median of {len(taken)}, interleaved"
    return [
        at_most(f"import.roster new ({database})", median_of("new", "copy_both"), "x COPY", NEW_TIMES_COPY, note),
        at_most(
            f"import.roster unchanged ({database})",
            median_of("unchanged", "copy"),
            "x COPY",
            UNCHANGED_TIMES_COPY,
            "against COPY of the people alone",
        ),
        told(
            f"import.roster new, people alone ({database})",
            median_of("new", "copy"),
            "x COPY",
            "against COPY into the one table, although the import fills two",
        ),
    ]
