"""Numbers of certificates: one series per organiser and year, without gaps, written in the organiser's own format."""

from __future__ import annotations

import re
from datetime import date

from academy.numerals import roman
from academy.people.models import Organiser
from certificates.models import NumberSeries

PLACEHOLDER = re.compile(r"\{(sequence|code|month_roman|year)(?::0?([1-9]))?\}")


class InvalidNumberFormat(ValueError):
    """The organiser's number format cannot be used."""


def next_sequence(organiser: Organiser, *, year: int) -> int:
    """Raise the series and take its number. Call inside the issuing transaction: a rollback gives the number back.

    The row stays locked until the transaction ends, so that nobody else can take or skip a number meanwhile.
    """
    NumberSeries.objects.get_or_create(organiser=organiser, year=year)
    series = NumberSeries.objects.select_for_update().get(organiser=organiser, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return series.last


def write(number_format: str, *, sequence: int, organiser_code: str, issued_on: date) -> str:
    """Fill in the format, such as {sequence:04}/{code}/{month_roman}/{year}: 0412/BPSDMD/IX/2026.

    Only these four placeholders are known; a width pads the number with zeros. The format must hold sequence and year.
    """
    values = {
        "sequence": str(sequence),
        "code": organiser_code,
        "month_roman": roman(issued_on.month),
        "year": str(issued_on.year),
    }
    used = {match[1] for match in PLACEHOLDER.finditer(number_format)}
    rest = PLACEHOLDER.sub("", number_format)
    if not {"sequence", "year"} <= used or "{" in rest or "}" in rest:
        message = f"Number format {number_format!r} must hold {{sequence}} and {{year}}, and no unknown placeholder"
        raise InvalidNumberFormat(message)
    return PLACEHOLDER.sub(lambda match: values[match[1]].zfill(int(match[2] or 0)), number_format)
