"""Which column of a roster is which: the usual headings, those of SIASN's export, and what the officer assigned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people.roster.outcome import RosterRefused

# Fields that a heading can stand for. The names of SIASN are those of its employee export.
FIELDS = {
    "nip": "NIP",
    "name": gettext_lazy("Name"),
    "title_before": gettext_lazy("Titles before the name"),
    "title_after": gettext_lazy("Titles after the name"),
    "grade": gettext_lazy("Golongan"),
    "position": gettext_lazy("Position"),
    "unit": gettext_lazy("Work unit"),
    "department": gettext_lazy("Perangkat daerah"),
    "email": gettext_lazy("E-mail"),
    "standing": gettext_lazy("Standing"),
}
REQUIRED = ("nip", "name", "unit")
KNOWN = {
    "nip": ("NIP", "NIP BARU", "NIP/NI PPPK", "NIP / NIPPPK", "NIPPPK", "NI PPPK", "Nomor Induk Pegawai"),
    "name": ("Nama", "NAMA PNS", "Nama Pegawai", "Nama ASN", "Nama Lengkap"),
    "title_before": ("Gelar Depan",),
    "title_after": ("Gelar Belakang",),
    "grade": ("Golongan", "GOL AKHIR NAMA", "Gol", "Golongan/Ruang", "Gol/Ruang", "Golongan Ruang", "Gol. Ruang"),
    "position": ("Jabatan", "JABATAN NAMA", "Nama Jabatan"),
    "unit": ("Unit Kerja", "UNOR NAMA", "Unor"),
    "department": ("Perangkat Daerah", "UNOR INDUK NAMA", "Unor Induk", "OPD", "SKPD"),
    "email": ("Email", "E-mail", "Surel", "Alamat Email"),
    "standing": ("Kedudukan", "KEDUDUKAN HUKUM NAMA", "Kedudukan Hukum"),
}
# A title, a letterhead and empty lines may stand above the headings.
LINES_ABOVE = 20


@dataclass(frozen=True)
class Columns:
    """Where the headings stand. `row` is the last line of them (from 1); `places`: field → column from 0; `labels`: field → heading."""

    row: int
    headings: list[str]
    places: dict[str, int]
    labels: dict[str, str]


def key(heading: str) -> str:
    """What two spellings of a heading have in common: letters and digits, in lower case."""
    return re.sub(r"[\W_]+", " ", heading.casefold()).strip()


FIELD_OF = {key(heading): name for name, headings in KNOWN.items() for heading in headings}


def find(lines: Sequence[Sequence[str]], mapping: Mapping[str, str]) -> Columns:
    """The columns in the first lines of a table. RosterRefused if a required one is missing or stands there twice."""
    assigned = {key(heading): name for heading, name in mapping.items() if name in FIELDS}
    field_of = {known: name for known, name in FIELD_OF.items() if name not in assigned.values()} | assigned
    ignored = {key(heading) for heading, name in mapping.items() if name not in FIELDS}
    best: Columns | None = None
    for at in range(min(len(lines), LINES_ABOVE)):
        for candidate in _readings(lines, at):
            found = _assign(candidate[1], candidate[0], field_of, ignored)
            if found and (best is None or len(found.places) > len(best.places)):
                best = found
        if best and best.row <= at + 1 and all(field in best.places for field in REQUIRED):
            break
    if best is None:
        first = next((list(line) for line in lines if any(line)), [])
        raise RosterRefused(
            _("No line of headings was found. A roster needs the columns NIP, Nama and Unit Kerja."),
            headings=[cell for cell in first if cell],
            missing=list(REQUIRED),
        )
    _refuse_twice(best, field_of, ignored)
    missing = [field for field in REQUIRED if field not in best.places]
    if missing:
        raise RosterRefused(
            _("No column stands for: %(fields)s. Found were: %(headings)s.")
            % {
                "fields": ", ".join(KNOWN[field][0] for field in missing),
                "headings": ", ".join(heading for heading in best.headings if heading) or "–",
            },
            headings=[heading for heading in best.headings if heading],
            missing=missing,
        )
    return best


def _readings(lines: Sequence[Sequence[str]], at: int) -> list[tuple[int, list[str]]]:
    """The line alone, and joined with the next one: headings that were merged over two lines."""
    upper = [" ".join(cell.split()) for cell in lines[at]]
    readings = [(at + 1, upper)]
    if at + 1 < len(lines) and sum(map(bool, upper)) > 1:
        lower = [" ".join(cell.split()) for cell in lines[at + 1]]
        width = max(len(upper), len(lower))
        upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
        if not any(character.isdigit() for cell in lower for character in cell):  # the first official, not headings
            readings.append((at + 2, [below or above for above, below in zip(upper, lower, strict=True)]))
    return readings


def _assign(headings: list[str], row: int, field_of: Mapping[str, str], ignored: set[str]) -> Columns | None:
    places: dict[str, int] = {}
    for column, heading in enumerate(headings):
        field = field_of.get(key(heading))
        if field and key(heading) not in ignored:
            places.setdefault(field, column)
    if not places:
        return None
    return Columns(row, headings, places, {field: headings[column] for field, column in places.items()})


def _refuse_twice(columns: Columns, field_of: Mapping[str, str], ignored: set[str]) -> None:
    for field, place in columns.places.items():
        for other, heading in enumerate(columns.headings):
            if other != place and key(heading) not in ignored and field_of.get(key(heading)) == field:
                raise RosterRefused(
                    _(
                        "Two columns stand for %(field)s: %(one)s (column %(first)s) and %(other)s (column %(second)s). Remove one."
                    )
                    % {
                        "field": KNOWN[field][0],
                        "one": columns.headings[place],
                        "first": letter(place),
                        "other": heading,
                        "second": letter(other),
                    },
                    headings=[each for each in columns.headings if each],
                )


def letter(column: int) -> str:
    """The name of a column (from 0) as a spreadsheet shows it: A, B, … AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
