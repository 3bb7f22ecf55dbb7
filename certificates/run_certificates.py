"""Certificates of a whole run: how far they are, and having those made that are still owed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from academy import doorbell
from academy.people.models import Person, Role
from certificates import issuing, signing
from certificates.models import Certificate
from courses.models import Completion, Run
from courses.trainers import WRITERS, organisers_of

log = logging.getLogger(__name__)

AT_ONCE = 100  # rows made while somebody waits for the page; the worker makes the others
STANDS_STILL_AFTER = timedelta(minutes=5)
LIVE = Q(revoked_at__isnull=True, superseded_at__isnull=True)
UNPUBLISHED = LIVE & Q(published_at__isnull=True)
ASIDE = Q(tries__gte=issuing.MOST_TRIES)
BY_WORKER = ~Q(facts__signed_by=signing.BY_HAND) | Q(facts__signed_by__isnull=True)
# From when on a worker might have taken the row: its issue, the end of its rest, or of the lease of one that died.
FREE_SINCE = Greatest("issued_at", Coalesce("retry_at", "issued_at"), Coalesce("lease_until", "issued_at"))


@dataclass(frozen=True)
class Standing:
    """Every completion of a run, each in exactly one place: with no certificate yet, being made, set aside, published,
    or withdrawn (revoked, and not issued again). `free_since` is since when the oldest of those being made could have
    been taken by a worker; one that rests, that somebody works on or that waits for its signatory does not count.
    """

    completions: int = 0
    without: int = 0
    in_work: int = 0
    aside: int = 0
    published: int = 0
    free_since: datetime | None = None

    @property
    def issued(self) -> int:
        return self.completions - self.without

    @property
    def withdrawn(self) -> int:
        return self.issued - self.in_work - self.aside - self.published

    @property
    def due(self) -> int:
        """How many are published in the end: all but the withdrawn."""
        return self.completions - self.withdrawn

    @property
    def owed(self) -> int:
        return self.without + self.in_work + self.aside

    def stands_still(self, *, at: datetime) -> bool:
        """Something should have been published long ago: no worker runs, or what it needs is away."""
        return self.free_since is not None and self.free_since < at - STANDS_STILL_AFTER


@dataclass(frozen=True)
class Asked:
    """What asking for the certificates of a run did; `heard` tells whether the broker took the message."""

    issued: int
    again: int
    failed: int
    heard: bool


def runs_of(person: Person, *, kind: Role.Kind, at: datetime) -> QuerySet[Run]:
    """The runs of the organisers this person writes for; all for an operator."""
    runs: QuerySet[Run] = Run.objects.select_related("course__organiser")
    if kind == Role.Kind.OPERATOR:
        return runs
    return runs.filter(course__organiser__in=organisers_of(person, at=at, kinds=WRITERS))


def standings(runs: Sequence[Run], *, at: datetime) -> dict[int, Standing]:
    """For each of these runs, in two queries whose columns are those of `Standing`, in its order."""
    completed = Completion.objects.filter(enrolment__run__in=runs).values_list("enrolment__run")
    counts = completed.annotate(
        completions=Count("pk", distinct=True), without=Count("pk", filter=Q(certificates__isnull=True))
    )
    made = Certificate.objects.filter(completion__enrolment__run__in=runs).annotate(free_since_at=FREE_SINCE)
    states = made.values_list("completion__enrolment__run").annotate(
        in_work=Count("pk", filter=UNPUBLISHED & ~ASIDE),
        aside=Count("pk", filter=UNPUBLISHED & ASIDE),
        published=Count("pk", filter=LIVE & Q(published_at__isnull=False)),
        free_since=Min("free_since_at", filter=UNPUBLISHED & ~ASIDE & BY_WORKER & Q(free_since_at__lte=at)),
    )
    of_certificates = {run: found for run, *found in states}
    of_completions = {run: found for run, *found in counts}
    return {
        run.pk: Standing(*of_completions.get(run.pk, (0, 0)), *of_certificates.get(run.pk, (0, 0, 0, None)))
        for run in runs
    }


def set_aside_in(run: Run) -> QuerySet[Certificate]:
    return issuing.set_aside().filter(completion__enrolment__run=run)


@transaction.atomic
def take_up_again(certificates: QuerySet[Certificate], *, at: datetime) -> int:
    """Let the sweep try what was set aside once more, and remember since when it may; how many."""
    rows = Certificate.objects.filter(pk__in=list(certificates.values_list("pk", flat=True)))
    count = issuing.try_again(rows)
    rows.filter(retry_at__isnull=True).update(retry_at=at)
    return count


def ask_for_all(run: Run, *, at: datetime) -> Asked:
    """Have everything made that is owed to this run: rows at once as far as that is quick, files by the worker.

    What was set aside is taken up again. A repeat finds the rows that are there. A completion that cannot be certified
    does not stop the others; it is logged and stays owed.
    """
    issued = failed = 0
    owed = issuing.completions_without_certificate().filter(enrolment__run=run)
    for completion in list(owed.order_by("pk")[:AT_ONCE]):
        try:
            issuing.issue(completion, at=at)
            issued += 1
        except Exception:  # whatever is wrong with one, the others are still owed theirs
            failed += 1
            log.exception("Completion %s cannot be certified", completion.pk)
    again = take_up_again(set_aside_in(run), at=at)
    from certificates.tasks import issue_owed_certificates  # the task needs the whole room

    return Asked(issued=issued, again=again, failed=failed, heard=doorbell.ring(issue_owed_certificates))
