"""Writing many rows at once: the one place that knows which database it is.

PostgreSQL takes them by COPY into a temporary table and one INSERT … ON CONFLICT that skips rows which hold these values
already; SQLite by bulk_create.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

BATCH = 2000
PIECE = 10_000
Columns = dict[str, Any]
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert(model: type[models.Model], columns: Columns) -> None:
    """Insert rows that are new for certain; IntegrityError if one is not.

    `columns`: column → list of values, or one value that all rows share. What is left out must have a default.
    """
    if not _count(columns):
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            _copy(cursor, model._meta.db_table, columns)
    else:
        model._base_manager.bulk_create(_models(model, columns), batch_size=BATCH)


def upsert(model: type[models.Model], columns: Columns, *, key: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows; where `key` is taken already, set the columns in `update` instead."""
    if connection.vendor == "postgresql":
        _by_temporary_table(model, columns, key, update)
        return
    by_column = {field.column: field.name for field in model._meta.concrete_fields}
    model._base_manager.bulk_create(
        _models(model, columns),
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=[by_column[name] for name in key],
        update_fields=[by_column[name] for name in update],
    )


def update(model: type[models.Model], columns: Columns, *, key: Sequence[str]) -> None:
    """Set the columns that are no key in the rows with these keys; what is not there stays away."""
    if not _count(columns):
        return
    table, names = model._meta.db_table, [name for name in columns if name not in key]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            temporary = _copy_aside(cursor, model, columns)
            sets = ", ".join(f"{name} = {temporary}.{name}" for name in names)
            same = " AND ".join(f"{table}.{name} = {temporary}.{name}" for name in key)
            cursor.execute(f"UPDATE {table} SET {sets} FROM {temporary} WHERE {same}")  # noqa: S608
            cursor.execute(f"DROP TABLE {temporary}")
            return
        sets, same = (sign.join(f"{name} = %s" for name in some) for sign, some in ((", ", names), (" AND ", key)))
        lists = [
            columns[name] if _is_many(columns[name]) else itertools.repeat(columns[name]) for name in (*names, *key)
        ]
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {same}", list(zip(*lists, strict=False)))  # noqa: S608


def allot_keys(model: type[models.Model], count: int) -> list[int]:
    """Primary keys that nobody else will get, so that rows which point to each other are written without asking back."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            (sequence,) = cursor.fetchone()
            cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])  # the write lock is ours
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + count + 1))


def _by_temporary_table(model: type[models.Model], columns: Columns, key: Sequence[str], update: Sequence[str]) -> None:
    table, names = model._meta.db_table, ", ".join(columns)
    sets = ", ".join(f"{name} = excluded.{name}" for name in update)
    present, incoming = (", ".join(f"{row}.{name}" for name in update) for row in ("present", "excluded"))
    with connection.cursor() as cursor:
        temporary = _copy_aside(cursor, model, columns)
        cursor.execute(
            f"INSERT INTO {table} AS present ({names}) SELECT {names} FROM {temporary}"  # noqa: S608
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets} WHERE ({present}) IS DISTINCT FROM ({incoming})"
        )
        cursor.execute(f"DROP TABLE {temporary}")


def _copy_aside(cursor: Any, model: type[models.Model], columns: Columns) -> str:
    """The name of a temporary table that holds these rows."""
    temporary, names = f"incoming_{model._meta.model_name}", ", ".join(columns)
    cursor.execute(
        f"CREATE TEMPORARY TABLE {temporary} ON COMMIT DROP AS SELECT {names} FROM {model._meta.db_table} WITH NO DATA"  # noqa: S608
    )
    _copy(cursor, temporary, columns)
    return temporary


def _copy(cursor: Any, table: str, columns: Columns) -> None:
    """In pieces, so that the server writes while we put the next piece together. Errors are Django's, as everywhere."""
    many = {name: values for name, values in columns.items() if _is_many(values)}
    shared = {name: values for name, values in columns.items() if not _is_many(values)}
    tail = "".join("\t" + _text(value) for value in shared.values()) + "\n"
    count = _count(columns)
    statement = f"COPY {table} ({', '.join([*many, *shared])}) FROM STDIN"
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for start in range(0, count, PIECE):
            texts = [_texts(values[start : start + PIECE]) for values in many.values()]
            lines = map("\t".join, zip(*texts, strict=True))
            copy.write((tail.join(lines) + tail).encode())


def _count(columns: Columns) -> int:
    return len(next(values for values in columns.values() if _is_many(values)))


def _is_many(values: Any) -> bool:
    return hasattr(values, "__len__") and not isinstance(values, str | dict)


def _texts(values: Sequence[Any]) -> list[str]:
    kinds = set(map(type, values))
    if kinds == {str}:
        joined = "".join(values)
        return list(values) if joined.isprintable() and "\\" not in joined else [_text(value) for value in values]
    return list(map(str, values)) if kinds == {int} else [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, dict):  # of a JSONField
        value = json.dumps(value)
    if isinstance(value, str):
        return value if value.isprintable() and "\\" not in value else value.translate(ESCAPES)
    if value is None:
        return "\\N"
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def _models(model: type[models.Model], columns: Columns) -> list[models.Model]:
    names = {str(field.column): field.attname for field in model._meta.concrete_fields if field.column in columns}
    shared = {names[column]: values for column, values in columns.items() if not _is_many(values)}
    many = {names[column]: values for column, values in columns.items() if _is_many(values)}
    return [model(**shared, **dict(zip(many, row, strict=True))) for row in zip(*many.values(), strict=True)]
