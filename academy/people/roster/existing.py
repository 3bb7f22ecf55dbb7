"""The people a roster may be about, as columns: those of the agency, and whoever else bears a number of the file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from academy.people.models import Agency, NipHistory, Person, Transfer

FIELDS = (
    "id", "nip", "name", "title_before", "title_after", "grade", "position", "email", "kind", "is_active", "unit_id", "is_superuser", "is_staff",
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """`columns`: field → numpy array of objects; `of_agency` is a mask; `numbers`: NIP, present or former → place."""

    columns: dict[str, Any]
    of_agency: Any
    numbers: dict[str, int]
    formers: frozenset[str]

    def __len__(self) -> int:
        return len(self.of_agency)


def load(agency: Agency, numbers: list[str]) -> People:
    """Everybody of the agency who has a NIP, and the others whose present or former NIP is among `numbers`."""
    rows = _rows("u.agency_id = %s", [agency.pk])
    ours = len(rows)
    known = {row[1] for row in rows}
    others = [number for number in numbers if number not in known]
    formers: dict[str, int] = {}
    if others:
        strangers = _rows("p.nip " + _in(), [_list(others)])
        rows += strangers
        known |= {row[1] for row in strangers}
        formers = _former_numbers([number for number in others if number not in known])
        loaded = {row[0] for row in rows}
        if missing := [str(pk) for pk in set(formers.values()) - loaded]:
            rows += _rows("p.id IN (" + ",".join(["%s"] * len(missing)) + ")", missing)
    return _as_columns(rows, ours, formers)


def _as_columns(rows: list[tuple[Any, ...]], ours: int, formers: dict[str, int]) -> People:
    import numpy as np

    columns: dict[str, Any] = {}
    for name, values in zip(FIELDS, zip(*rows, strict=True) if rows else [()] * len(FIELDS), strict=True):
        column = np.empty(len(rows), dtype=object)
        column[:] = values
        columns[name] = column
    columns["is_active"] = columns["is_active"].astype(bool).astype(object)
    of_agency = np.arange(len(rows)) < ours
    numbers = {nip: place for place, nip in enumerate(columns["nip"]) if nip}
    place_of = {pk: place for place, pk in enumerate(columns["id"])} if formers else {}
    for nip, person in formers.items():
        numbers.setdefault(nip, place_of[person])
    return People(columns, of_agency, numbers, frozenset(formers))


def _rows(condition: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """Plain tuples: an agency may have a hundred thousand people, and nobody needs them as models."""
    columns = ", ".join(f"p.{name}" for name in FIELDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {Person._meta.db_table} p LEFT JOIN people_workunit u ON u.id = p.unit_id"  # noqa: S608
            f" WHERE p.nip IS NOT NULL AND {condition}",
            parameters,
        )
        return list(cursor.fetchall())


def _in() -> str:
    """A test against a list of any length, which travels as one parameter."""
    return "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"


def _list(values: Iterable[str]) -> list[str] | str:
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def _former_numbers(numbers: list[str]) -> dict[str, int]:
    """Former NIP → person, where it points to one person only."""
    if not numbers or not NipHistory.objects.exists():
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT nip, MIN(person_id) FROM {NipHistory._meta.db_table} WHERE nip {_in()}"  # noqa: S608
            " GROUP BY nip HAVING COUNT(DISTINCT person_id) = 1",
            [_list(numbers)],
        )
        return dict(cursor.fetchall())


def owners_of_emails(emails: list[str]) -> dict[str, int]:
    """Address in lower case → person, for those that somebody has."""
    if not emails:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT LOWER(email), id FROM {Person._meta.db_table} WHERE LOWER(email) {_in()}",  # noqa: S608
            [_list(emails)],
        )
        return dict(cursor.fetchall())


def open_transfers_to(agency: Agency) -> dict[int, int]:
    """Person → transfer, for everybody who was released to this agency and is not placed yet."""
    waiting = Transfer.objects.filter(to_agency=agency, placed_at__isnull=True, withdrawn_at__isnull=True)
    return dict(waiting.values_list("person", "pk"))
