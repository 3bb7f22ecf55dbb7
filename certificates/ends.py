"""Certificates that end: the last day of one, and which have ended or end soon. A day is one where the organiser is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from academy.people.models import Organiser
from certificates.models import Certificate
from courses.validity import RENEWED_BEFORE

LAST_DAY = "completion__valid_until"


def last_day(certificate: Certificate) -> date | None:
    """As it is printed; None for what holds without end."""
    last = certificate.facts.get("valid_until")
    return date.fromisoformat(last) if last else None


def today_at(organiser: Organiser, *, at: datetime) -> date:
    return timezone.localdate(at, ZoneInfo(organiser.time_zone))


def has_ended(certificate: Certificate, *, at: datetime) -> bool:
    last = last_day(certificate)
    return last is not None and today_at(certificate.organiser, at=at) > last


def ends_soon(certificate: Certificate, *, at: datetime) -> bool:
    """Whether it may be renewed and still holds."""
    last = last_day(certificate)
    return last is not None and last - RENEWED_BEFORE <= today_at(certificate.organiser, at=at) <= last


def ended_and_ending(*, at: datetime) -> tuple[Q, Q]:
    """`has_ended` and `ends_soon` for a query, whatever else became of them."""
    today = todays(at=at)
    return (
        on_each_day(lambda day: Q(**{f"{LAST_DAY}__lt": day}), today),
        on_each_day(lambda day: Q(**{f"{LAST_DAY}__range": (day, day + RENEWED_BEFORE)}), today),
    )


def todays(*, at: datetime) -> dict[str, date]:
    """The day that it is in each time zone of an organiser. One query."""
    zones = Organiser.objects.order_by().values_list("time_zone", flat=True).distinct()
    return {zone: timezone.localdate(at, ZoneInfo(zone)) for zone in zones}


def on_each_day(condition: Callable[[date], Q], days: Mapping[str, date]) -> Q:
    """The condition with the day that it is at each certificate's organiser."""
    found = Q(pk__in=[])
    for zone, day in days.items():
        found |= Q(organiser__time_zone=zone) & condition(day)
    return found


def ended(certificate: str, last_day: str, *, at: datetime) -> Q:
    """`has_ended` for a query that reaches the certificate and its last day by these paths. One query."""
    found = Q(pk__in=[])
    for zone, day in todays(at=at).items():
        found |= Q(**{f"{certificate}__organiser__time_zone": zone, f"{last_day}__lt": day})
    return found
