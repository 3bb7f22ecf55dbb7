"""How long a completion holds where the course says so, and from when it may be earned anew."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

RENEWED_BEFORE = timedelta(days=90)  # so long before its end a certificate may be renewed


def last_day(first: date, *, months: int) -> date:
    """The same day so many months later, or the last of that month if it is shorter: 31 January and a month is 28 February."""
    years, month = divmod(first.month - 1 + months, 12)
    year, month = first.year + years, month + 1
    return date(year, month, min(first.day, monthrange(year, month)[1]))
