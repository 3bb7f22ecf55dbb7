"""Numbers of certificates: one series per organiser and year, without gaps. How they look: `number_formats`."""

from __future__ import annotations

from academy.people.models import Organiser
from certificates.models import NumberSeries
from certificates.number_formats import InvalidNumberFormat, write

__all__ = ["InvalidNumberFormat", "next_sequence", "write"]


def next_sequence(organiser: Organiser, *, year: int) -> int:
    """Raise the series and take its number. Call inside the issuing transaction: a rollback gives the number back.

    The row stays locked until the transaction ends, so that nobody else can take or skip a number meanwhile.
    """
    NumberSeries.objects.get_or_create(organiser=organiser, year=year)
    series = NumberSeries.objects.select_for_update().get(organiser=organiser, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return series.last
