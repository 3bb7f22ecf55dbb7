"""Writing many rows at once: the one place that knows which database it is.

PostgreSQL takes them by COPY into a temporary table and one INSERT … ON CONFLICT that skips rows which hold these values
already; SQLite by bulk_create.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

BATCH = 2000
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def upsert(
    model: type[models.Model], columns: dict[str, Sequence[Any]], *, key: Sequence[str], update: Sequence[str]
) -> None:
    """Insert rows into the model's table; where `key` is taken already, set the columns in `update` instead.

    `columns`: column → values, one list as long as the other. An empty `update` leaves taken ones alone.
    """
    if not len(next(iter(columns.values()))):
        return
    if connection.vendor == "postgresql":
        _by_copy(model, columns, key, update)
    else:
        _by_bulk_create(model, columns, key, update)


def allot_keys(model: type[models.Model], count: int) -> list[int]:
    """Primary keys that nobody else will get, so that rows which point to each other are written without asking back."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sequence = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(sequence, [table, count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])  # the write lock is ours
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + count + 1))


def _by_copy(
    model: type[models.Model], columns: dict[str, Sequence[Any]], key: Sequence[str], update: Sequence[str]
) -> None:
    table, temporary = model._meta.db_table, f"incoming_{model._meta.model_name}"
    names = ", ".join(columns)
    lines = "\n".join(map("\t".join, zip(*(_texts(values) for values in columns.values()), strict=True)))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA")  # noqa: S608
        with cursor.copy(f"COPY {temporary} ({names}) FROM STDIN") as copy:
            copy.write(lines.encode())
        cursor.execute(
            f"INSERT INTO {table} AS present ({names}) SELECT {names} FROM {temporary}"  # noqa: S608
            f" ON CONFLICT ({', '.join(key)}) {_on_conflict(update)}"
        )
        cursor.execute(f"DROP TABLE {temporary}")


def _on_conflict(update: Sequence[str]) -> str:
    if not update:
        return "DO NOTHING"
    sets = ", ".join(f"{name} = excluded.{name}" for name in update)
    present = ", ".join(f"present.{name}" for name in update)
    incoming = ", ".join(f"excluded.{name}" for name in update)
    return f"DO UPDATE SET {sets} WHERE ({present}) IS DISTINCT FROM ({incoming})"


def _texts(values: Sequence[Any]) -> list[str]:
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value if value.isprintable() and "\\" not in value else value.translate(ESCAPES)
    if value is None:
        return "\\N"
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def _by_bulk_create(
    model: type[models.Model], columns: dict[str, Sequence[Any]], key: Sequence[str], update: Sequence[str]
) -> None:
    attributes = [field.attname for field in model._meta.concrete_fields if field.column in columns]
    by_column = {field.column: field.name for field in model._meta.concrete_fields}
    ordered = [columns[field.column] for field in model._meta.concrete_fields if field.column in columns]
    rows = [model(**dict(zip(attributes, values, strict=True))) for values in zip(*ordered, strict=True)]
    model._base_manager.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=bool(update),
        ignore_conflicts=not update,
        unique_fields=[by_column[name] for name in key] if update else None,
        update_fields=[by_column[name] for name in update] if update else None,
    )
