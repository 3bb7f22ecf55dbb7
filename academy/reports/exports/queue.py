"""Which export is made next. In December many ask at once: nobody waits behind somebody else's thirty files."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from academy.reports.exports.heart import LEASE
from academy.reports.models import OWED, Export

RECENT = timedelta(hours=1)


def claim_next(*, at: datetime) -> Export | None:
    """Take the next under a lease. Where the database can, a row that another worker is taking is skipped."""
    with transaction.atomic():
        export = in_turn(at=at).select_for_update(skip_locked=True, of=("self",)).first()
        if export is not None:
            export.claim, export.lease_until, export.tries = uuid4(), at + LEASE, export.tries + 1
            export.written = 0
            export.save(update_fields=["claim", "lease_until", "tries", "written"])
    return export


def free(*, at: datetime) -> QuerySet[Export]:
    """Owed, and neither claimed nor resting; a lease that ends later than one taken now comes from a clock set back."""
    return Export.objects.owed().filter(
        Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=at + 2 * LEASE, claim__isnull=False)
    )


def in_turn(*, at: datetime) -> QuerySet[Export]:
    """What waits: first of the agency, then of the person, for whom least is being made or was made within the hour."""
    return (
        free(at=at)
        .annotate(
            of_agency=_served(at, by__unit__agency=OuterRef("by__unit__agency")),
            of_person=_served(at, by=OuterRef("by")),
        )
        .order_by("of_agency", "of_person", "at", "pk")
    )


def _served(at: datetime, **same: OuterRef) -> Coalesce:
    running = OWED & Q(claim__isnull=False, lease_until__gt=at)
    served = Export.objects.filter(running | Q(ready_at__gt=at - RECENT), **same).order_by()
    count = served.annotate(one=Value(1)).values("one").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
