"""Files of other people's data that somebody took along: written down, and shown to whoever is over those units."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from academy.people.models import AccessLog, Person, WorkUnit


@transaction.atomic
def log_file(
    person: Person,
    *,
    scope: str,
    at: datetime,
    detail: dict[str, Any],
    units: Iterable[int],
    subject: Person | None = None,
) -> AccessLog:
    """The person took a file along; `units` are the topmost ones that it is about."""
    entry = AccessLog.objects.create(
        person=person,
        action=AccessLog.Action.REPORT_FILE,
        scope=scope[:300],
        at=at,
        subject=subject,
        detail=detail,
    )
    about = AccessLog.units.through
    about.objects.bulk_create(about(accesslog=entry, workunit_id=unit) for unit in units)
    return entry


def files_about(units: QuerySet[WorkUnit], *, above: Iterable[str]) -> QuerySet[AccessLog]:
    """Files about these units, or about a larger part of the tree; `above` are the paths of what lies above them."""
    about = AccessLog.units.through.objects.filter(
        Q(workunit__in=units) | Q(workunit__path__in=list(above)), accesslog=OuterRef("pk")
    )
    return AccessLog.objects.filter(Exists(about), action=AccessLog.Action.REPORT_FILE)
