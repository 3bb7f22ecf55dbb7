"""Whether a completion is certified, as certificates tell: reports read it from the enrolment without a join."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from courses.models import Enrolment


def certified(completion_ids: Collection[int], *, at: datetime) -> None:
    """A live certificate of these was published. A repeat takes the later moment."""
    Enrolment.objects.filter(completion__in=completion_ids).update(certified_at=at)


def no_longer_certified(completion_ids: Collection[int]) -> None:
    """Their certificate was revoked, or is being replaced; a repeat changes nothing."""
    Enrolment.objects.filter(completion__in=completion_ids).update(certified_at=None)


def certified_anew(since: Mapping[int, datetime | None]) -> None:
    """Each of these enrolments is certified since that moment, or not (None), whatever was said before."""
    for enrolment, at in since.items():
        Enrolment.objects.filter(pk=enrolment).update(certified_at=at)
