"""How dates, times and numbers are written for readers: 23 November 2026, 14.30 WITA, 1.234,5."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, number_format

register = template.Library()

ZONE_LETTERS = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name or settings.TIME_ZONE)


@register.filter
def day(value: date | datetime | None, zone: str | None = None) -> str:
    """A day in full: 23 November 2026. A moment is first brought into `zone`. Nothing gives an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value, _zone(zone)).date()
    return date_format(value, "j F Y")


@register.filter
def clock(value: datetime | None, zone: str | None = None) -> str:
    """The time of day with its zone: 14.30 WITA."""
    if value is None:
        return ""
    name = zone or settings.TIME_ZONE
    local = timezone.localtime(value, _zone(name))
    return f"{local:%H.%M} {ZONE_LETTERS.get(name, local.tzname())}"


@register.filter
def grouped(value: float | Decimal | None, decimals: int | None = None) -> str:
    """A number with grouping: 1.234,5. `decimals` fixes the digits after the comma."""
    if value is None:
        return ""
    return number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True)


@register.filter
def score(value: Decimal | None) -> str:
    """A score without needless zeros: 88 or 86,67."""
    if value is None:
        return ""
    return number_format(value.quantize(Decimal("0.01")).normalize() if value % 1 else int(value), use_l10n=True)
