"""PostgreSQL's tables emptied after a test that commits.

TRUNCATE makes new files for each table and index, some seven hundred, which takes seconds; most have no row to lose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

FEW = 1000  # rows of a table: so many are deleted one by one


def empty_by_rows(connection: BaseDatabaseWrapper) -> None:
    """Let `flush` delete the few rows there are; where a table has many, it truncates all of them as always."""
    truncate = connection.ops.sql_flush

    def sql_flush(style: Any, tables: Sequence[str], *, reset_sequences: bool = False, **named: Any) -> list[str]:
        counts = _up_to(FEW + 1, connection, tables)
        if reset_sequences or max(counts.values()) > FEW:
            return list(truncate(style, tables, reset_sequences=reset_sequences, **named))
        touched = [connection.ops.quote_name(table) for table, count in counts.items() if count]
        return [f"DELETE FROM {table}" for table in touched]  # noqa: S608  in any order: keys are checked at the end

    if connection.vendor == "postgresql":
        connection.ops.sql_flush = sql_flush  # type: ignore[method-assign]


def _up_to(most: int, connection: BaseDatabaseWrapper, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each table has, counted no further than `most`."""
    count = "SELECT %s, (SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) AS few)"
    counts = [count.format(connection.ops.quote_name(table), most) for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts), list(tables))
        return dict(cursor.fetchall())
