"""A unit tree as a file: its columns, its rows, and the refused ones written out again.

One row is one unit. `Unit Kerja` names it; where it hangs says `Induk` (the parent's name, or its path as "Dinas A / Bidang B"),
or `Kode` and `Kode Induk` inside the file, or `Perangkat Daerah` alone. Without any of them it hangs below the agency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from academy.people.roster.outcome import Outcome, RosterRefused
from academy.people.roster.refused import write_refused
from academy.people.roster.rows import Line, lines_of

MOST_ROWS = 100_000
LONGEST_NAME = 200

HEADINGS = {
    "name": ("unit kerja", "nama unit kerja", "nama unit", "unit", "unor nama", "nama unor"),
    "parent": ("induk", "unit induk", "nama induk", "induk unit kerja", "unit kerja induk", "atasan"),
    "code": ("kode", "kode unit", "kode unit kerja", "kode unor"),
    "parent_code": ("kode induk", "kode unit induk", "kode atasan"),
    "department": ("perangkat daerah", "unor induk nama", "unor induk", "opd", "skpd"),
}
LABELS = {
    "name": "Unit Kerja",
    "parent": "Induk",
    "code": "Kode",
    "parent_code": "Kode Induk",
    "department": "Perangkat Daerah",
}


@dataclass(frozen=True)
class UnitRow:
    """One row of the file; `row` is the line as a spreadsheet shows it."""

    row: int
    name: str
    parent: str = ""
    code: str = ""
    parent_code: str = ""
    department: str = ""


def read(file: Path) -> list[UnitRow]:
    """The rows that hold anything. RosterRefused if this is no table of units."""
    heading, *lines = _filled(file)
    columns = _columns(heading.cells)
    if len(lines) > MOST_ROWS:
        raise RosterRefused(
            _("The file has %(rows)d rows; at most %(most)d are read.") % {"rows": len(lines), "most": MOST_ROWS}
        )
    return [
        UnitRow(row=line.row, **{field: _cell(line.cells, index) for field, index in columns.items()}) for line in lines
    ]


def write_refused_units(file: Path, outcome: Outcome, target: Path) -> None:
    """The refused rows of the file, to be corrected and loaded again."""
    heading, *lines = _filled(file)
    write_refused(target, outcome, heading.cells, ((line.row, line.cells) for line in lines))


def key(name: str) -> str:
    """Names are the same whatever their case and spaces."""
    return " ".join(name.split()).casefold()


def _filled(file: Path) -> list[Line]:
    lines = [line for line in lines_of(file) if any(text.strip() for text in line.cells)]
    if not lines:
        raise RosterRefused(_("The file is empty."))
    return lines


def _columns(headings: list[str]) -> dict[str, int]:
    """Field → its column."""
    found: dict[str, int] = {}
    for index, text in enumerate(headings):
        plain = key(re.sub(r"[_.]", " ", text))
        for field, known in HEADINGS.items():
            if plain not in known:
                continue
            if field in found:
                raise RosterRefused(
                    _('Two columns stand for "%(field)s". Please leave one of them.') % {"field": LABELS[field]}
                )
            found[field] = index
    if "name" not in found:
        raise RosterRefused(
            _('The first row names no column "Unit Kerja"; it names: %(headings)s.')
            % {"headings": ", ".join(text for text in headings if text.strip())[:200] or "–"},
            headings=headings,
        )
    if "parent_code" in found and "code" not in found:
        raise RosterRefused(
            _('The column "Kode Induk" points to a column "Kode", which is missing.'), headings=headings
        )
    return found


def _cell(cells: list[str], index: int) -> str:
    return " ".join(cells[index].replace("\x00", "").split()) if index < len(cells) else ""
