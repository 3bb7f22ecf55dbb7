"""Which export is made next. In December many ask at once: nobody waits behind somebody else's thirty files."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from academy.reports.exports.heart import LEASE
from academy.reports.models import OWED, Export

RECENT = timedelta(hours=1)
WEIGHS_AS_A_FILE = 100_000  # so many lines
AGENCY = "by__unit__agency"  # who has none is one of their own


def claim_next(*, at: datetime) -> Export | None:
    """Take the next under a lease. Where the database can, a row that another worker is taking is skipped."""
    for key in in_turn(at=at):
        with transaction.atomic():
            export = free(at=at).select_for_update(skip_locked=True).filter(pk=key).first()
            if export is not None:
                export.claim, export.lease_until, export.tries = uuid4(), at + LEASE, export.tries + 1
                export.written = 0
                export.save(update_fields=["claim", "lease_until", "tries", "written"])
                return export
    return None


def free(*, at: datetime) -> QuerySet[Export]:
    """Owed, and neither claimed nor resting; a lease that ends later than one taken now comes from a clock set back."""
    return Export.objects.owed().filter(
        Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=at + 2 * LEASE, claim__isnull=False)
    )


def in_turn(*, at: datetime) -> list[int]:
    """Keys of what waits: first of the agency, then of the person, for whom least is being made or was made within the hour.

    Worked out here, in two queries: for each that waits to count what was made grows with the square of a rush.
    """
    of_agency: Counter[Any] = Counter()
    of_person: Counter[int] = Counter()
    running = OWED & Q(claim__isnull=False, lease_until__gt=at)
    served = Export.objects.filter(running | Q(ready_at__gt=at - RECENT)).order_by().values_list("by", AGENCY)
    for person, agency, files, lines in served.annotate(files=Count("pk"), lines=Sum(Greatest("rows", "written"))):
        weight = files + lines / WEIGHS_AS_A_FILE
        of_agency[agency or (person,)] += weight
        of_person[person] += weight
    waiting = free(at=at).order_by().values_list("by", AGENCY, "at", "pk")
    in_order = sorted(waiting, key=lambda each: (of_agency[each[1] or (each[0],)], of_person[each[0]], *each[2:]))
    return [pk for _person, _agency, _at, pk in in_order]
