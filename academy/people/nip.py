"""The NIP, the 18-digit number of an official. Sources: Perka BKN 43/2007 for PNS, BKN's practice for PPPK.

PNS:  birth date (8), first appointment YYYYMM (6), sex (1), sequence (3).
PPPK: birth date (8), year of appointment (4), `2` and the number of the agreement 1-9 (2), sex (1), sequence (3).
Digits 13-14 tell them apart: 01-12 is a month, 21-29 an agreement. Other digits belong to layouts we have no source
for (PPPK Paruh Waktu): accepted with a warning, as of an unknown kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LENGTH = 18
YOUNGEST_AT_APPOINTMENT = 17
OLDEST_AT_APPOINTMENT = 60


class InvalidNip(ValueError):
    """The text is not a NIP; the message says what is wrong, in the reader's language."""


class NipKind(StrEnum):
    PNS = "pns"
    PPPK = "pppk"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Nip:
    """A NIP taken apart. `warnings` are sentences HR may overrule; they never refuse."""

    digits: str
    kind: NipKind
    born_on: date
    appointed_year: int
    appointed_month: int | None
    is_male: bool
    sequence: int
    warnings: tuple[str, ...] = ()


def normalise(text: str) -> str:
    """`text` without the spaces, dots and dashes people type in a NIP; nothing is checked."""
    return re.sub(r"[\s.\-\u00a0]", "", text)


def parse(text: str, *, today: date | None = None) -> Nip:
    """Take a NIP apart, PNS or PPPK; InvalidNip says what is wrong.

    With `today`, an appointment in the future is added to the warnings.
    """
    digits = normalise(text)
    if not re.fullmatch(r"[0-9]+", digits):
        raise InvalidNip(_("A NIP holds digits only, for example 19690309 199403 2 001."))
    if len(digits) != LENGTH:
        raise InvalidNip(wrong_length(digits))
    born_on = _birth_date(digits[:8])
    appointed_year, discriminator = int(digits[8:12]), int(digits[12:14])
    if 1 <= discriminator <= 12:
        kind, month = NipKind.PNS, discriminator
    elif 21 <= discriminator <= 29:
        kind, month = NipKind.PPPK, None
    else:
        kind, month = NipKind.UNKNOWN, None
    if digits[14] not in "12":
        raise InvalidNip(_("Digit 15 of the NIP must be 1 or 2, not %(digit)s.") % {"digit": digits[14]})
    if digits[15:] == "000":
        raise InvalidNip(_("The last three digits of the NIP must not be 000."))
    return Nip(
        digits=digits,
        kind=kind,
        born_on=born_on,
        appointed_year=appointed_year,
        appointed_month=month,
        is_male=digits[14] == "1",
        sequence=int(digits[15:]),
        warnings=tuple(_doubts(digits, kind, born_on, month, today)),
    )


def wrong_length(digits: str) -> str:
    """The sentence for a number that is too short or too long."""
    return _("A NIP has %(length)d digits, you typed %(typed)d.") % {"length": LENGTH, "typed": len(digits)}


def validate(text: str) -> None:
    """For model and form fields: ValidationError with the reason."""
    try:
        parse(text)
    except InvalidNip as error:
        raise ValidationError(str(error), code="invalid_nip") from error


def grouped(digits: str) -> str:
    """As printed on paper: 19690309 199403 2 001. Anything that is not 18 digits comes back unchanged."""
    return f"{digits[:8]} {digits[8:14]} {digits[14]} {digits[15:]}" if len(digits) == LENGTH else digits


def masked(digits: str) -> str:
    """For public pages: all but the last four digits hidden. Empty stays empty."""
    return "•" * max(len(digits) - 4, 0) + digits[-4:]


def _birth_date(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidNip(
            _("The first eight digits of the NIP (%(digits)s) are not a date (year, month, day).") % {"digits": digits}
        ) from None


def _doubts(digits: str, kind: NipKind, born_on: date, month: int | None, today: date | None) -> list[str]:
    doubts = []
    if kind is NipKind.UNKNOWN:
        doubts.append(
            _("Digits 13 and 14 of the NIP (%(digits)s) are neither a month nor a PPPK agreement.")
            % {"digits": digits[12:14]}
        )
    year = int(digits[8:12])
    age = year - born_on.year
    if not YOUNGEST_AT_APPOINTMENT <= age <= OLDEST_AT_APPOINTMENT:
        doubts.append(_("The age at appointment would be %(age)d.") % {"age": age})
    if today and (year, month or 1) > (today.year, today.month):
        doubts.append(_("The appointment lies in the future."))
    return doubts
