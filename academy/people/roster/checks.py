"""Checking a roster by itself, column by column: what each cell means, and which row cannot be right.

Whole columns are looked at with pandas and numpy; Python meets a single row only to say what is wrong with it.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from academy.people.grades import PPPK
from academy.people.models import Person
from academy.people.roster import nips
from academy.people.roster.outcome import Refusal
from academy.people.roster.reading import Table
from academy.people.roster.refused import SIGNS

TEXTS = ("name", "title_before", "title_after", "position", "email")
LONGEST = {field.name: field.max_length for field in Person._meta.concrete_fields if field.name in TEXTS} | {
    "unit": 200,
    "department": 200,
}
MOST_WARNINGS = 1000  # they refuse nothing, and nobody reads more
OPTIONAL_BLANK = {"-", "–", "—", "--"}
UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
PLAIN_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}")
PNS_GRADE = re.compile(r"(I|II|III|IV)[\s/.\-]*([A-E])")
# SIASN's kedudukan hukum, by what their names begin with: who is still an official may learn.
ACTIVE_STANDINGS = (
    "aktif",
    "cltn",
    "cuti",
    "tugas belajar",
    "cpns",
    "pns",
    "pppk",
    "masa persiapan",
    "mpp",
    "perlimpahan",
)
ENDED_STANDINGS = (
    "pensiun", "bup", "diberhentikan", "pemberhentian", "berhenti", "meninggal", "tewas", "hilang", "mencapai bup", "tidak aktif",
    "keluar", "nonaktif", "non aktif", "punah",
)  # fmt: skip


@dataclass
class Checked:
    """`columns`: field → cleaned values, a numpy array of objects as long as the table; also `kind` and, where the
    file has a standing, `is_active`. An empty cell is "" (None in `is_active`): it says nothing.

    `refused`: place of the row in the table → reasons.
    """

    table: Table
    columns: dict[str, Any]
    refused: dict[int, list[Refusal]] = field(default_factory=dict)
    warnings: list[Refusal] = field(default_factory=list)

    def refuse(self, at: int, name: str, message: str, value: str | None = None) -> None:
        self.refused.setdefault(at, []).append(self.note(at, name, message, value))

    def warn(self, at: int, name: str, message: str) -> None:
        self.warnings.append(self.note(at, name, message))

    def note(self, at: int, name: str, message: str, value: str | None = None) -> Refusal:
        cell = self.table.cells[name][at] if value is None else value
        return Refusal(self.table.numbers[at], self.table.columns.labels[name], cell[:200], message)


def check(table: Table) -> Checked:
    """Everything that can be said without the database."""
    import numpy as np

    checked = Checked(table, {}, warnings=list(table.warnings))
    place = {number: at for at, number in enumerate(table.numbers)} if table.refused else {}
    for number, reasons in table.refused.items():
        checked.refused[place[number]] = list(reasons)
    for name, cells in table.cells.items():
        column = np.array(cells, dtype=object)
        required = name in ("nip", "name", "unit")
        if not _is_clean(cells) or not (required or OPTIONAL_BLANK.isdisjoint(cells)):
            column = _each(column, clean if required else _optional)
        checked.columns[name] = column
    _check_nips(checked)
    _check_lengths(checked)
    _check_names(checked)
    _check_grades(checked)
    _check_emails(checked)
    _check_standings(checked)
    return checked


def clean(text: str) -> str:
    """Without stray, doubled, non-breaking and invisible spaces; the apostrophe that guards a formula or number goes too."""
    if text.isprintable() and "  " not in text and text.strip("' ") == text:
        return text
    text = " ".join(UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())
    if text.startswith("'") and len(text) > 1 and (text[1] in f"'{SIGNS}" or text[1].isdigit()):
        text = text.lstrip("'").strip()
    return text


def _is_clean(cells: list[str]) -> bool:
    """Whether `clean` would change none of them, by a look at all at once; in doubt not."""
    joined = "|".join(["", *cells, ""])
    return joined.isprintable() and not any(sign in joined for sign in ("  ", " |", "| ", "|'", "'|"))


def _optional(text: str) -> str:
    text = clean(text)
    return "" if text in OPTIONAL_BLANK else text


def _each(values: Any, function: Callable[[str], Any]) -> Any:
    """`function` of each value, worked out once for equal ones."""
    import numpy as np
    import pandas as pd

    codes, different = pd.factorize(values, use_na_sentinel=False)
    answers = np.empty(len(different), dtype=object)
    answers[:] = [function(each) for each in different]
    return answers[codes]


def _places(mask: Any) -> Iterable[int]:
    return (int(at) for at in mask.nonzero()[0])


def _check_nips(checked: Checked) -> None:
    import pandas as pd

    column = checked.columns["nip"] = nips.digits_of(checked.columns["nip"])
    good, kinds, doubtful = nips.judge(column)
    checked.columns["kind"] = kinds
    for at in _places(~good):
        if at not in checked.refused:  # a number's lost digits were named already
            checked.refuse(at, "nip", nips.problem(checked.table.cells["nip"][at], column[at]))
    for at in itertools.islice(_places(doubtful & good), MOST_WARNINGS):
        for sentence in nips.doubts(column[at]):
            checked.warn(at, "nip", sentence)
    if len(set(column)) == len(column):
        return
    repeated = pd.Series(column).duplicated(keep=False).to_numpy() & good
    for _nip, places in _groups(column, repeated).items():
        for at in places:
            others = ", ".join(str(checked.table.numbers[other]) for other in places[:11] if other != at)
            checked.refuse(at, "nip", _("The same NIP stands in row %(rows)s too.") % {"rows": others})


def _groups(values: Any, mask: Any) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for at in _places(mask):
        groups.setdefault(values[at], []).append(at)
    return groups


def _check_lengths(checked: Checked) -> None:
    import numpy as np

    for name, longest in LONGEST.items():
        if name not in checked.columns:
            continue
        lengths = np.fromiter(map(len, checked.columns[name]), dtype=int, count=len(checked.table))
        for at in _places(lengths > longest):
            sentence = _("The text has %(length)d characters, the most is %(most)d.")
            checked.refuse(at, name, sentence % {"length": lengths[at], "most": longest})


def _check_names(checked: Checked) -> None:
    for at in [at for at, text in enumerate(checked.columns["name"]) if not is_name(text)]:
        empty = not checked.columns["name"][at]
        checked.refuse(at, "name", _("The name is missing.") if empty else _("This is no name: it has no letters."))
    for at in _places(checked.columns["unit"] == ""):
        checked.refuse(at, "unit", _("The work unit is missing."))


def is_name(text: str) -> bool:
    return text[:1].isalpha() or any(map(str.isalpha, text))


def _check_grades(checked: Checked) -> None:
    """Source of the scales: SIASN's reference lists; a PPPK's golongan never has a letter."""
    if "grade" not in checked.columns:
        return
    import numpy as np

    checked.columns["grade"] = grades = _each(checked.columns["grade"], lambda text: grade(text) or text)
    unknown = _each(grades, lambda text: grade(text) is None).astype(bool)
    is_pns_style = _each(grades, lambda text: "/" in text).astype(bool)
    kinds, given = checked.columns["kind"], (grades != "") & ~unknown
    for at in _places(unknown):
        checked.refuse(at, "grade", _("This golongan is not known. PNS have I/a to IV/e, PPPK have I to XVII."))
    wrong = given & np.where(kinds == "pns", ~is_pns_style, (kinds == "pppk") & is_pns_style)
    for at in _places(wrong):
        sentence = (
            _("The NIP is a PNS's: its golongan has a letter, I/a to IV/e.")
            if kinds[at] == "pns"
            else _("The NIP is a PPPK's: its golongan is I to XVII, without a letter.")
        )
        checked.refuse(at, "grade", sentence)


def grade(text: str) -> str | None:
    """The golongan as we write it: III/a, IX; None if there is none such."""
    upper = text.upper()
    if match := PNS_GRADE.fullmatch(upper):
        roman, letter = match.groups()
        return f"{roman}/{letter.lower()}" if letter != "E" or roman == "IV" else None
    return upper if upper in PPPK or not upper else None


def _check_emails(checked: Checked) -> None:
    if "email" not in checked.columns:
        return
    import numpy as np
    import pandas as pd

    emails = checked.columns["email"]
    for at in [at for at, text in enumerate(emails) if text and not is_email(text)]:
        checked.refuse(at, "email", _("This is not an e-mail address."))
    lower = np.array(list(map(str.lower, emails)), dtype=object)
    if len(set(lower)) == len(lower):
        return
    repeated = pd.Series(lower).duplicated(keep=False).to_numpy() & (lower != "")
    for _email, places in _groups(lower, repeated).items():
        for at in places:
            others = ", ".join(str(checked.table.numbers[other]) for other in places[:11] if other != at)
            checked.refuse(at, "email", _("The same e-mail address stands in row %(rows)s too.") % {"rows": others})


def is_email(text: str) -> bool:
    if PLAIN_EMAIL.fullmatch(text):
        return True
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _check_standings(checked: Checked) -> None:
    if "standing" not in checked.columns:
        return
    checked.columns["is_active"] = answers = _each(checked.columns["standing"], is_active)
    for at in _places((answers == None) & (checked.columns["standing"] != "")):  # noqa: E711  element by element
        checked.refuse(at, "standing", _("This standing is not known. Write Aktif, or for example Pensiun."))


def is_active(standing: str) -> bool | None:
    """Whether somebody of that standing may learn; None if it is empty or not known."""
    words = standing.casefold()
    if words.startswith(ENDED_STANDINGS):
        return False
    return True if words.startswith(ACTIVE_STANDINGS) else None
