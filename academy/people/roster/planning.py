"""What a checked roster would do to the agency: which row is whose, new, moved, changed or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from academy.people.models import Agency
from academy.people.roster import existing
from academy.people.roster.checks import Checked
from academy.people.roster.existing import People
from academy.people.roster.outcome import Options, Outcome, Refusal
from academy.people.roster.unit_names import Pair, Problem, Units, spelt

TEXTS = ("name", "title_before", "title_after", "grade", "position", "email")
SAMPLES = 5


@dataclass
class Plan:
    """Per row of the table: `kinds`, `people` (place in `existing`, -1 for nobody) and `units` (key, or what is to be made).

    `changed` says per field in which rows it changes. `gone` are places in `existing`. Numpy arrays throughout.
    """

    checked: Checked
    existing: People
    units_by_name: Units
    kinds: Any
    people: Any
    units: Any
    changed: dict[str, Any]
    gone: list[int]
    foreign: int
    transfers: dict[int, int] = field(default_factory=dict)  # place in `existing` → transfer

    def rows(self, *kinds: str) -> Any:
        import numpy as np

        return np.isin(self.kinds.astype(str), kinds).nonzero()[0]

    def value(self, name: str, rows: Any) -> Any:
        """What the field shall be in these rows: from the file, where the file says something, else as it is."""
        import numpy as np

        people = self.people[rows]
        known = self.existing.columns[name]
        before = known[people] if len(known) else np.full(len(rows), None, dtype=object)
        fresh = people < 0
        before[fresh] = True if name == "is_active" else None if name == "email" else ""
        if name not in self.changed:
            return before
        return np.where(fresh | self.changed[name][rows], self.given(name)[rows], before)

    def given(self, name: str) -> Any:
        import numpy as np

        column = self.checked.columns[name]
        if name == "is_active":
            return np.where(column == None, True, column)  # noqa: E711  element by element
        return np.where(column == "", None, column) if name == "email" else column


def plan(checked: Checked, *, agency: Agency, units: Units, options: Options) -> Plan:
    """Compare with what stands. Refuses, in `checked`, what only the database can know to be wrong."""
    import numpy as np

    columns = checked.columns
    rows_units = _find_units(checked, units, create=options.create_units)
    good = _good(checked)
    compared = ("nip", *(name for name in (*TEXTS, "kind", "is_active") if name in columns), "unit_id")
    keys = _keys(checked, compared, rows_units)
    people, same_keys = existing.load(agency, list(columns["nip"][good]), list(keys[good]), compared=compared)
    same = good & np.fromiter((key in same_keys for key in keys), dtype=bool, count=len(good))
    places = np.fromiter((people.numbers.get(nip, -1) for nip in columns["nip"]), dtype=np.int64, count=len(good))
    _refuse_one_person_twice(checked, places, people, same)
    transfers = _transfers(people, agency)
    foreign = _refuse_foreign(checked, places, people, transfers)
    _refuse_taken_emails(checked, places, people, same)
    changed = _changes(checked, places, people)
    kinds = _kinds(_good(checked), same, places, people, rows_units, changed)
    moved = {int(place) for place in places[kinds == "moved"]}
    return Plan(
        checked, people, units, kinds, places, rows_units, changed, _gone(checked, places, people), foreign,
        {place: transfer for place, transfer in transfers.items() if place in moved},
    )  # fmt: skip


def _keys(checked: Checked, compared: tuple[str, ...], units: Any) -> Any:
    """Per row what `existing` calls a person who has exactly these values."""
    import numpy as np

    texts = [list(checked.columns[name]) for name in compared if name not in ("unit_id", "is_active")]
    if "is_active" in compared:
        names = {True: "1", False: "0", None: ""}
        texts.append([names[value] for value in checked.columns["is_active"]])
    texts.append(list(map(str, units)))
    keys = np.empty(len(units), dtype=object)
    keys[:] = list(map(existing.key, zip(*texts, strict=True)))
    return keys


def _good(checked: Checked) -> Any:
    import numpy as np

    good = np.ones(len(checked.table), dtype=bool)
    good[list(checked.refused)] = False
    return good


def _refuse_one_person_twice(checked: Checked, places: Any, people: People, same: Any) -> None:
    """A present and a former number of one person in one file."""
    if not people.formers:
        return
    import pandas as pd

    twice = pd.Series(places).duplicated(keep=False).to_numpy() & (places >= 0) & _good(checked)
    for at in twice.nonzero()[0]:
        checked.refuse(int(at), "nip", _("Another row holds another number of the same person."))
    for at in _good(checked).nonzero()[0]:
        if checked.columns["nip"][at] in people.formers:
            checked.warn(int(at), "nip", _("This is a former number of the person; the present one stays."))


def _transfers(people: People, agency: Agency) -> dict[int, int]:
    waiting = existing.open_transfers_to(agency)
    if not waiting:
        return {}
    return {place: waiting[pk] for place, pk in enumerate(people.columns["id"]) if pk in waiting}


def _refuse_foreign(checked: Checked, places: Any, people: People, transfers: dict[int, int]) -> int:
    """How many rows name a person of another agency who was not released to this one."""
    import numpy as np

    if len(people) == 0:
        return 0
    elsewhere = ~people.of_agency & np.array([unit is not None for unit in people.columns["unit_id"]], dtype=bool)
    elsewhere[list(transfers)] = False
    foreign = (places >= 0) & elsewhere[places] & _good(checked)
    for at in foreign.nonzero()[0]:
        checked.refuse(
            int(at),
            "nip",
            _("This NIP belongs to an official of another agency, which has not released the person to yours."),
        )
    return int(foreign.sum())


def _find_units(checked: Checked, units: Units, *, create: bool) -> Any:
    """Per row the unit's key, or the pair that is to be made; each pair of names is looked up once."""
    import numpy as np
    import pandas as pd

    names = checked.columns["unit"]
    departments = checked.columns.get("department", np.full(len(names), "", dtype=object))
    codes, different = pd.factorize(names + existing.BETWEEN + departments)
    good = _good(checked)
    answers = np.empty(len(different), dtype=object)
    for at in np.unique(codes[good]):  # what only refused rows name is not made
        unit, _sign, department = different[at].partition(existing.BETWEEN)
        answers[at] = units.find((department, unit), create=create)
    problems = np.array([isinstance(answer, Problem) for answer in answers], dtype=bool)
    for row in (problems[codes] & good).nonzero()[0]:
        problem = answers[codes[row]]
        name = problem.field if problem.field in checked.columns else "unit"
        checked.refuse(int(row), name, problem.message)
    return answers[codes]


def _refuse_taken_emails(checked: Checked, places: Any, people: People, same: Any) -> None:
    """An address that another account has. Whose it is, is not said."""
    if "email" not in checked.columns:
        return
    wanted = {
        checked.columns["email"][at].lower(): at
        for at in ((checked.columns["email"] != "") & _good(checked) & ~same).nonzero()[0]
    }
    for email, owner in existing.owners_of_emails(list(wanted)).items():
        at = int(wanted[email])
        if places[at] < 0 or people.columns["id"][places[at]] != owner:
            checked.refuse(at, "email", _("Another account uses this e-mail address."))


def _changes(checked: Checked, places: Any, people: People) -> dict[str, Any]:
    """Per field of the file the rows in which it says something else than what stands."""
    import numpy as np

    changes: dict[str, Any] = {}
    matched = places >= 0
    guarded = np.zeros(len(places), dtype=bool)
    if len(people):
        guarded = matched & people.hold_powers[places]
    for name in (*TEXTS, "kind", "is_active"):
        if name not in checked.columns:
            continue
        given = checked.columns[name]
        says = matched & (given != (None if name == "is_active" else ""))
        if len(people):
            says &= (people.columns[name][places] != given).astype(bool)
        if name in ("email", "is_active"):  # who set these would sign in with those powers
            for at in (says & guarded & _good(checked)).nonzero()[0]:
                checked.warn(
                    int(at), name if name == "email" else "standing", _("Left as it is: this person holds a role.")
                )
            says &= ~guarded
        if name == "kind":
            says &= ~np.isin(checked.columns["nip"], list(people.formers))
        changes[name] = says
    return changes


def _kinds(good: Any, same: Any, places: Any, people: People, units: Any, changed: dict[str, Any]) -> Any:
    import numpy as np

    known = people.columns["unit_id"]
    before = known[places] if len(known) else np.full(len(places), None, dtype=object)
    differs = np.logical_or.reduce([*changed.values(), np.zeros(len(places), dtype=bool)])
    moves = np.array([now != then for now, then in zip(units, before, strict=True)], dtype=bool)
    return np.select(
        [~good, same, places < 0, moves, differs],
        ["refused", "unchanged", "new", "moved", "changed"],
        default="unchanged",
    ).astype(object)


def _gone(checked: Checked, places: Any, people: People) -> list[int]:
    """Active people of the agency in no row, neither a good nor a refused one; whoever holds a role is left to HR.

    A refused row may not tell whose it is: nobody with a name of such a row is called gone.
    """
    import numpy as np

    if len(people) == 0:
        return []
    missing = people.of_agency & people.columns["is_active"].astype(bool) & ~people.hold_powers
    missing[places[places >= 0]] = False
    unsure = {spelt(checked.columns["name"][at]) for at in checked.refused if places[at] < 0}
    return [
        int(place)
        for place in np.nonzero(missing)[0]
        if not unsure or spelt(people.columns["name"][place]) not in unsure
    ]


def outcome(made: Plan) -> Outcome:
    """The counts, the refusals in the order of rows, and some samples."""
    import numpy as np

    kinds, counts = np.unique(made.kinds.astype(str), return_counts=True)
    count = {str(kind): int(number) for kind, number in zip(kinds, counts, strict=True)}
    refusals = [each for at in sorted(made.checked.refused) for each in made.checked.refused[at]]
    return Outcome(
        read=len(made.checked.table),
        gone=len(made.gone),
        refusals=tuple(refusals),
        warnings=tuple(sorted(made.checked.warnings, key=_row)),
        samples={kind: _samples(made, kind) for kind in ("new", "moved", "changed", "gone")},
        **{kind: count.get(kind, 0) for kind in ("new", "changed", "moved", "unchanged", "refused")},
    )


def _row(refusal: Refusal) -> int:
    return refusal.row


def _samples(made: Plan, kind: str) -> list[dict[str, str]]:
    known, names = made.existing.columns, made.units_by_name.names
    if kind == "gone":
        return [
            {
                "nip": known["nip"][at],
                "name": known["name"][at],
                "before": names.get(known["unit_id"][at], ""),
                "after": "",
            }
            for at in made.gone[:SAMPLES]
        ]
    samples = []
    for row in made.rows(kind)[:SAMPLES]:
        row, place = int(row), int(made.people[row])
        before, after = _difference(made, row, place, kind)
        samples.append(
            {
                "nip": made.checked.columns["nip"][row],
                "name": made.checked.columns["name"][row],
                "before": before,
                "after": after,
            }
        )
    return samples


def _difference(made: Plan, row: int, place: int, kind: str) -> tuple[str, str]:
    known, names = made.existing.columns, made.units_by_name.names
    unit = made.units[row]
    unit_name = unit[1] if isinstance(unit, tuple) else names.get(unit, "")
    if kind == "new":
        return "", unit_name
    if kind == "moved":
        return names.get(known["unit_id"][place], ""), unit_name
    fields = [name for name, rows in made.changed.items() if rows[row]]
    before = [str(known[name][place] if known[name][place] is not None else "") for name in fields]
    after = [str(made.given(name)[row]) for name in fields]
    return " · ".join(before), " · ".join(after)


__all__ = ["Pair", "Plan", "outcome", "plan"]
