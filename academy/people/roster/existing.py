"""The people a roster may be about, as columns: those of the agency, and whoever else bears a number of the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.utils import timezone

from academy.people.models import Agency, NipHistory, Person, Role, Transfer, WorkUnit

FIELDS = (
    "nip", "name", "title_before", "title_after", "grade", "position", "email", "kind", "is_active", "unit_id",
    "id", "is_superuser", "is_staff",
)  # fmt: skip
NUMBERS, FLAGS, OR_NONE = ("id", "unit_id"), ("is_active", "is_superuser", "is_staff"), ("unit_id", "email")
# Between the values of a person who travels as one text: a hundred thousand rows of one column come several times faster
# than of thirteen, and most are only compared.
BETWEEN, END_OF_KEY = "\x1f", "\x1e"


@dataclass(frozen=True)
class People:
    """Those who differ from the file in anything. `columns`: field → numpy array of objects; `of_agency` is a mask;
    `numbers`: NIP, present or former → place.
    """

    columns: dict[str, Any]
    of_agency: Any
    numbers: dict[str, int]
    formers: frozenset[str]

    def __len__(self) -> int:
        return len(self.of_agency)

    @cached_property
    def hold_powers(self) -> Any:
        """Who administers the site, works in the CMS or holds a role that has not ended: a mask."""
        import numpy as np

        holders = set(Role.objects.not_ended(timezone.now()).values_list("person_id", flat=True))
        hold_role = np.fromiter((pk in holders for pk in self.columns["id"]), dtype=bool, count=len(self))
        return hold_role | (self.columns["is_superuser"] | self.columns["is_staff"]).astype(bool)


class Loader:
    """Loads people as texts; `compared` fields come first and make the key that a row of the file is looked up by."""

    def __init__(self, compared: Sequence[str]) -> None:
        self.order = (*compared, *(name for name in FIELDS if name not in compared))
        key, rest = ([_as_text(name) for name in names] for names in (compared, self.order[len(compared) :]))
        self._sql = (
            f"SELECT {_joined(key)} || '{END_OF_KEY}' || {_joined(rest)} FROM {Person._meta.db_table} p"  # noqa: S608
            f" LEFT JOIN {WorkUnit._meta.db_table} u ON u.id = p.unit_id WHERE p.nip IS NOT NULL AND "
        )

    def lines(self, condition: str, parameter: Any) -> dict[str, str]:
        """Key → the rest of the person."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql + condition, [parameter])
            return dict(line.split(END_OF_KEY, 1) for (line,) in cursor.fetchall())

    def columns(self, lines: dict[str, str]) -> dict[str, Any]:
        import numpy as np

        rows = [[*key.split(BETWEEN), *rest.split(BETWEEN)] for key, rest in lines.items()]
        columns: dict[str, Any] = {}
        for name, texts in zip(self.order, zip(*rows, strict=True) if rows else [()] * len(FIELDS), strict=True):
            column = np.empty(len(rows), dtype=object)
            column[:] = [_value(name, text) for text in texts]
            columns[name] = column
        return columns


def _as_text(name: str) -> str:
    flag = f"CAST(CAST(p.{name} AS INTEGER) AS VARCHAR(20))"
    return f"COALESCE({flag if name in (*NUMBERS, *FLAGS) else f'p.{name}'}, '')"


def _joined(expressions: list[str]) -> str:
    return f" || '{BETWEEN}' || ".join(expressions)


def _value(name: str, text: str) -> Any:
    if not text and name in OR_NONE:
        return None
    if name in NUMBERS:
        return int(text)
    return text == "1" if name in FLAGS else text


def key(values: Iterable[str]) -> str:
    return BETWEEN.join(values)


def load(agency: Agency, numbers: list[str], keys: list[str], *, compared: Sequence[str]) -> tuple[People, set[str]]:
    """Everybody of the agency who has a NIP, and the others whose present or former NIP is among `numbers`; but of those
    whose values make one of `keys` only that key, in the second answer.
    """
    loader = Loader(compared)
    lines = loader.lines("u.agency_id = %s", agency.pk)
    same = lines.keys() & set(keys)
    for each in same:
        del lines[each]
    ours = len(lines)
    known = {each.partition(BETWEEN)[0] for each in (*lines, *same)}
    formers: dict[str, int] = {}
    if others := [number for number in numbers if number not in known]:
        strangers = loader.lines("p.nip " + _in(), _list(others))
        known |= {each.partition(BETWEEN)[0] for each in strangers}
        lines |= strangers
        formers = _former_numbers([number for number in others if number not in known])
        if formers:
            lines |= loader.lines("p.id " + _in("bigint"), _list(map(str, formers.values())))
    return _people(loader.columns(lines), ours, formers), same


def _people(columns: dict[str, Any], ours: int, formers: dict[str, int]) -> People:
    import numpy as np

    numbers = {nip: place for place, nip in enumerate(columns["nip"])}
    place_of = {pk: place for place, pk in enumerate(columns["id"])} if formers else {}
    for nip, person in formers.items():
        if person in place_of:  # else the person's present number is in the file, and nothing differs
            numbers.setdefault(nip, place_of[person])
    return People(columns, np.arange(len(columns["id"])) < ours, numbers, frozenset(formers))


def _in(kind: str = "text") -> str:
    """A test against a list of any length, which travels as one text."""
    if connection.vendor == "postgresql":
        return f"= ANY(string_to_array(%s, chr(10))::{kind}[])"
    return "IN (SELECT value FROM json_each(%s))"


def _list(values: Iterable[str]) -> str:
    return "\n".join(values) if connection.vendor == "postgresql" else json.dumps(list(values))


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
