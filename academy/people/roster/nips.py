"""The NIPs of a whole column: which are right, of which kind, and a sentence for each that is not."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from academy.people import nip
from academy.people.nip import InvalidNip

SCIENTIFIC = re.compile(r"\s*'?\d([.,]\d+)?\s*[Ee]\s*\+?\s*\d+\s*")
BETWEEN = re.compile(r"[\s.\-–'’`\u00b4\u00a0]")
LETTERS_LIKE_DIGITS = str.maketrans("OoIl|", "00111")
DAYS_IN_MONTH = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
OLD_LENGTH = 9
LOST_BY_EXCEL = 15
EARLIEST_BIRTH = 1900


def digits_of(column: Any) -> Any:
    """The column without what people put between the digits of a NIP, or before them so that Excel leaves it alone."""
    import numpy as np

    cleaned = np.empty(len(column), dtype=object)
    cleaned[:] = [text if len(text) == nip.LENGTH and text.isdigit() else BETWEEN.sub("", text) for text in column]
    return cleaned


def judge(column: Any) -> tuple[Any, Any, Any]:
    """Per NIP: whether it is right, its kind (as in Person.Kind), whether there is something to warn of."""
    import numpy as np

    whole = np.array([len(text) == nip.LENGTH and text.isascii() and text.isdigit() for text in column], dtype=bool)
    filled = column if whole.all() else np.where(whole, column, "0" * nip.LENGTH)
    digits = np.frombuffer("".join(filled).encode(), dtype=np.uint8).reshape(-1, nip.LENGTH) - ord("0")
    year, month, day = _number(digits, 0, 4), _number(digits, 4, 6), _number(digits, 6, 8)
    appointed, thirteen = _number(digits, 8, 12), _number(digits, 12, 14)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    in_year = (month >= 1) & (month <= 12)
    days = np.array(DAYS_IN_MONTH)[np.where(in_year, month, 0)] + (leap & (month == 2))
    good = whole & in_year & (day >= 1) & (day <= days)
    good &= ((digits[:, 14] == 1) | (digits[:, 14] == 2)) & (_number(digits, 15, 18) > 0)
    age = appointed - year
    good &= (year >= EARLIEST_BIRTH) & (age > 0)
    kinds = np.full(len(column), "other", dtype=object)
    kinds[(thirteen >= 1) & (thirteen <= 12)] = "pns"
    kinds[(thirteen >= 21) & (thirteen <= 29)] = "pppk"
    doubtful = (kinds == "other") | (age < nip.YOUNGEST_AT_APPOINTMENT) | (age > nip.OLDEST_AT_APPOINTMENT)
    return good, kinds, doubtful


def _number(digits: Any, start: int, end: int) -> Any:
    number = digits[:, start].astype(int)
    for place in range(start + 1, end):
        number = number * 10 + digits[:, place]
    return number


def doubts(digits: str) -> tuple[str, ...]:
    return nip.parse(digits).warnings


def problem(typed: str, digits: str) -> str:
    """Why this is no NIP. What a spreadsheet did to it comes first: it is the usual reason."""
    if not digits:
        return _("The NIP is missing.")
    if SCIENTIFIC.fullmatch(typed):
        return _("Excel has turned the NIP into a rounded number. Format the column as text and enter the NIP again.")
    if digits.isascii() and digits.isdigit():
        return _wrong_digits(digits)
    if len(digits) == nip.LENGTH and digits.translate(LETTERS_LIKE_DIGITS).isdigit():
        return _("The NIP holds a letter that looks like a digit: O instead of 0, or l instead of 1.")
    return _("A NIP holds digits only, for example 19690309 199403 2 001.")


def _wrong_digits(digits: str) -> str:
    if len(digits) == OLD_LENGTH:
        return _("This is an old NIP of 9 digits. Enter the new one of 18 digits.")
    if len(digits) == nip.LENGTH - 1:
        return _(
            "The NIP has 17 digits: one was lost, perhaps a zero. Format the column as text and enter the NIP again."
        )
    if len(digits) == nip.LENGTH and digits[LOST_BY_EXCEL:] == "000":
        return _("The NIP ends in 000: Excel keeps 15 digits only. Format the column as text and enter the NIP again.")
    if len(digits) != nip.LENGTH:
        return _("A NIP has %(length)d digits, this one has %(found)d.") % {"length": nip.LENGTH, "found": len(digits)}
    try:
        nip.parse(digits)
    except InvalidNip as error:
        return str(error)
    return _("The dates in the NIP cannot be right: born before 1900, or not before the year of appointment.")
