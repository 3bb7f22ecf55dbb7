"""`make bench`: measure the budgets on SQLite and, where one answers, on PostgreSQL; print a table, write bench.json.

BENCH_SIZE=full measures larger ones, which takes two or three hours. BENCH_PARTS=postgresql-nation,writers measures these
parts alone, and the file holds no others. BENCH_DATABASE_URL names the PostgreSQL server; without it the local one is tried.
The exit code is 1 when a budget is broken.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psycopg

from tests.bench import beside, certificates, pages, reports, rosters, writing
from tests.bench.figures import Figure, known, table, write
from tests.end_to_end.stack import PROJECT, Stack, fresh_database

COMMANDS = (("load_agencies",), ("load_site",), ("load_curriculum",))
LOCAL_SERVERS = ("postgresql:///postgres", "postgresql://postgres@127.0.0.1:5432/postgres")
ROUNDS_OF_COMPLETIONS = {"": 5, "full": 15}
ROUNDS_OF_ROSTERS = {"PostgreSQL": 5, "SQLite": 1}  # SQLite has no budget here, its figures are only told
CERTIFICATES = {"": (20, 100), "full": (100, 500)}  # one by one, and at once: as many as one worker makes in a minute
DRAINED = {"": 1000, "full": 10_000}


def main() -> int:
    size = os.environ.get("BENCH_SIZE", "")
    if size not in pages.SIZES:
        sys.exit(f"BENCH_SIZE is full or not set, not {size!r}.")
    parts = {"sqlite": partial(bench, "SQLite", ""), "sqlite-nation": partial(nation, "SQLite", "")}
    server = postgresql()
    if server:
        parts |= {
            "postgresql": partial(bench, "PostgreSQL", server),
            "postgresql-nation": partial(nation, "PostgreSQL", server),
            "writers": partial(writers, server),
        }
    else:
        print("No PostgreSQL answers: its half was not measured.", file=sys.stderr)
    asked = [name for name in os.environ.get("BENCH_PARTS", "").split(",") if name] or list(parts)
    if unknown := set(asked) - set(parts):
        sys.exit(f"BENCH_PARTS may name {', '.join(parts)}, not {', '.join(sorted(unknown))}.")
    figures: list[Figure] = []
    for name in asked:
        figures += parts[name](size)
    print(table(figures))
    print(f"load average {os.getloadavg()[0]:.1f}; compare ratios and counts, not times")
    write(figures, PROJECT / "var" / "bench.json")
    return 0 if all(each.ok is not False for each in figures) else 1


def bench(database: str, server: str, size: str) -> list[Figure]:
    """All budgets on one database, with an academy of its own."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(server, f"academy_bench_{os.getpid()}") as url:
        academy = Stack(
            Path(folder),
            database_url=url,
            questions="tests.bench.inside",
            DJANGO_SETTINGS_MODULE="tests.bench.settings",
        )
        try:
            print(f"{database}: preparing an academy …", file=sys.stderr)
            academy.prepare(*COMMANDS)
            academy.start()
            academy.wait_until_ready()
            print(f"{database}: measuring …", file=sys.stderr)
            idle, burst = CERTIFICATES[size]
            figures = certificates.measure(academy, database=database, idle=idle, burst=burst)
            if server:
                figures += certificates.drain(academy, database=database, count=DRAINED[size])
            figures += pages.measure(academy, database=database, size=pages.SIZES[size])
            figures += pages.completions(
                academy,
                database=database,
                hello_ms=figures_of(figures, "page.hello"),
                rounds=ROUNDS_OF_COMPLETIONS[size],
            )
            return known(figures + rosters.measure(academy, database=database, rounds=ROUNDS_OF_ROSTERS[database]))
        finally:
            academy.close()


def nation(database: str, server: str, size: str) -> list[Figure]:
    """The budgets of reports, on a database of their own that holds very many learners."""
    with tempfile.TemporaryDirectory() as folder, fresh_database(server, f"academy_nation_{os.getpid()}") as url:
        academy = Stack(Path(folder), database_url=url, questions="tests.bench.report_rounds")
        try:
            print(f"{database}: preparing a nation …", file=sys.stderr)
            academy.prepare()
            figures = reports.measure(academy, database=database, size=size)
            return figures + known(beside.measure(academy, database=database, size=size))
        finally:
            academy.close()


def writers(server: str, size: str) -> list[Figure]:
    """What reporting costs learners, on two PostgreSQL databases."""
    with ExitStack() as stack:
        academies = []
        for name in ("with", "without"):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = stack.enter_context(fresh_database(server, f"academy_{name}_{os.getpid()}"))
            academy = Stack(Path(folder), database_url=url, questions="tests.bench.writing")
            stack.callback(academy.close)
            academy.prepare()
            academies.append(academy)
        print("PostgreSQL: writing with and without reports …", file=sys.stderr)
        return known(writing.measure(academies, size=size))


def figures_of(figures: list[Figure], name: str) -> float:
    return next(each.figure for each in figures if each.name.startswith(name))


def postgresql() -> str:
    """A PostgreSQL server that lets us make a database; "" if none answers."""
    given = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL") or ""
    for url in [given] if given else LOCAL_SERVERS:
        try:
            with psycopg.connect(url, connect_timeout=3) as connection:
                row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
                if (found := row.fetchone()) and found[0]:
                    return url
        except psycopg.Error as error:
            if given:
                sys.exit(f"{given} does not answer: {error}")
    return ""


if __name__ == "__main__":
    sys.exit(main())
