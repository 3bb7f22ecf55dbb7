"""The nightly recount: asked for by a row, carried out by one worker at a time, told to operators, kept as proof.

Calling twice equals calling once. What differs is named; written anew is only what repeats facts, and only when asked, but
for figures of agencies, which every round of the clock counts anew.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from academy import doorbell
from academy.distinct import IsDistinct
from academy.notifications.messages import send_once_to_each
from academy.pages.templatetags.formats import grouped
from academy.people.models import Person, Role
from academy.reports import facts, reading
from academy.reports.models import Reconciliation
from academy.reports.recounts import OF_CACHES, RECOUNTS, Difference, Kind, sizes
from courses import certification, mirrors
from courses.models import Enrolment

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Told = Callable[[Difference], None]
NIGHT = time(2)  # in the time zone of the academy
LEASE = timedelta(hours=2)  # renewed before each recount, of which none takes so long
MOST_TRIES = 3  # that a worker may die over it
MOST_NAMED = 100  # rows of one kind that are kept by name; all are counted
PORTION = 500  # people written anew in one transaction
DIED = "The worker died"


class AlreadyRunning(Exception):
    """Somebody recounts at this moment; the result will be the same."""


def ask(*, by: Person | None, mends: bool, at: datetime) -> Reconciliation:
    """The recount that waits or is at work, or a new one. One that waits mends as well if that is asked for."""
    present = Reconciliation.objects.filter(finished_at=None).first()
    if present is None:
        try:
            with transaction.atomic():
                return Reconciliation.objects.create(by=by, asked_at=at, mends=mends)
        except IntegrityError:  # two at once
            present = Reconciliation.objects.get(finished_at=None)
    if mends and Reconciliation.objects.filter(pk=present.pk, started_at=None).update(mends=True):
        present.mends = True
    return present


def ask_worker(*, by: Person, mends: bool, at: datetime) -> Reconciliation:
    """`ask`, and ring for a worker."""
    from academy.reports.tasks import check_numbers  # the task calls this module

    asked = ask(by=by, mends=mends, at=at)
    transaction.on_commit(lambda: doorbell.ring(check_numbers), robust=True)
    return asked


def is_due(*, at: datetime) -> bool:
    """Whether none was asked for since the night began, or the database ended all and it was not tried often yet."""
    night = timezone.localtime(at).replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    if night > at:
        night -= timedelta(days=1)
    problems = list(Reconciliation.objects.filter(asked_at__gte=night).values_list("problem", flat=True))
    return len(problems) < MOST_TRIES and not {"", DIED} & set(problems)


def work(*, clock: Clock) -> Reconciliation | None:
    """Carry out what was asked for, or what the night asks for; None if there is nothing to do, or somebody is at it."""
    at = clock()
    asked = Reconciliation.objects.filter(finished_at=None).first()
    if asked is None:
        if not is_due(at=at):
            return None
        asked = ask(by=None, mends=False, at=at)
    try:
        return carry_out(asked, clock=clock)
    except AlreadyRunning:
        return None


def carry_out(asked: Reconciliation, *, clock: Clock, told: Told | None = None) -> Reconciliation:
    """Recount everything, keep what was found, mend it if that was asked for, and owe the operators a message.

    Of two at once the second gets AlreadyRunning. An error of the database is kept as the result.
    """
    run = _claim(asked, at=clock())
    if run.finished_at is not None:
        return run
    try:
        named, found, person_ids = _recount(run, clock=clock, told=told)
    except DatabaseError as error:
        log.exception("The numbers could not be checked")
        _finish(run, at=clock(), problem=type(error).__name__)
        return run
    mends = run.mends and any(Kind(kind).is_cache for kind in found)
    mended = _mend(run, person_ids, found, clock=clock) if mends else 0
    differences = found.total()
    kept = {"named": named, "found": dict(found), "differences": differences, "mended": mended}
    if _finish(run, at=clock(), **kept) and differences > mended:
        _tell_operators(run, at=clock())
    return run


def newest() -> Reconciliation | None:
    """The last one that found something out."""
    return Reconciliation.objects.filter(finished_at__isnull=False, problem="").order_by("-finished_at").first()


def _claim(asked: Reconciliation, *, at: datetime) -> Reconciliation:
    free = Q(lease_until=None) | Q(lease_until__lte=at) | Q(lease_until__gt=at + 2 * LEASE)
    owed = Reconciliation.objects.filter(free, pk=asked.pk, finished_at=None)
    if owed.filter(tries__gte=MOST_TRIES).update(finished_at=at, problem=DIED):
        asked.refresh_from_db()
        return asked
    if not owed.update(started_at=at, lease_until=at + LEASE, tries=F("tries") + 1):
        raise AlreadyRunning
    asked.refresh_from_db()
    return asked


def _recount(
    run: Reconciliation, *, clock: Clock, told: Told | None
) -> tuple[list[dict[str, object]], Counter[str], set[int]]:
    """The first differences of each kind, how many of each there are, and whose rows can be written anew."""
    named: list[dict[str, object]] = []
    found: Counter[str] = Counter()
    person_ids: set[int] = set()
    with reading.apart():
        run.checked = sizes()
        for recount in RECOUNTS:
            _held(run).update(lease_until=clock() + LEASE, checked=run.checked)
            for difference in recount(clock()):
                found[difference.kind.value] += 1
                if found[difference.kind.value] <= MOST_NAMED:
                    named.append(difference.as_json())
                    log.warning("A number differs: %s", json.dumps(difference.as_json()))
                if run.mends and difference.kind.is_cache and difference.person is not None:
                    person_ids.add(difference.person)
                if told is not None:
                    told(difference)
    return named, found, person_ids


def _mend(run: Reconciliation, person_ids: Collection[int], found: Counter[str], *, clock: Clock) -> int:
    """Write anew what repeats facts, from the database itself whatever a replica said; how many agree since then.

    Where facts contradict each other, what repeats them stays wrong: so it is recounted once more.
    """
    rest = iter(sorted(person_ids))
    while portion := list(islice(rest, PORTION)):
        _write_anew(portion)
        _held(run).update(lease_until=clock() + LEASE)
    before = sum(count for kind, count in found.items() if Kind(kind).is_cache)
    left = sum(1 for recount in OF_CACHES for _difference in recount(clock()))
    return max(before - left, 0)


@transaction.atomic
def _write_anew(person_ids: Collection[int]) -> None:
    mirrors.write_anew(person_ids)
    enrolments = facts.with_certificate(Enrolment.objects.filter(person__in=person_ids))
    wrong = enrolments.filter(Q(IsDistinct(F("certified_at"), F("certificate__published_at"))))
    certification.certified_anew(dict(wrong.values_list("pk", "certificate__published_at")))


def _held(run: Reconciliation) -> QuerySet[Reconciliation]:
    """The row, while it is this worker's: whoever takes over starts at another moment."""
    return Reconciliation.objects.filter(pk=run.pk, started_at=run.started_at, finished_at=None)


def _finish(run: Reconciliation, *, at: datetime, **result: Any) -> bool:
    """Keep the result; whether the row was still this worker's."""
    is_ours = bool(_held(run).update(finished_at=at, lease_until=None, checked=run.checked, **result))
    run.refresh_from_db()
    return is_ours


def _tell_operators(run: Reconciliation, *, at: datetime) -> None:
    """Owe them a message: once for the same differences, however many nights find them until all agrees again."""
    agreed = Reconciliation.objects.filter(finished_at__isnull=False, problem="", differences=F("mended"))
    last = agreed.order_by("-finished_at").values_list("pk", flat=True).first()
    same = hashlib.sha256(json.dumps([run.found, run.named, last], sort_keys=True).encode()).hexdigest()
    operators = Person.objects.filter(
        Exists(Role.objects.in_force(at).filter(person=OuterRef("pk"), kind=Role.Kind.OPERATOR)), is_active=True
    )
    with override(settings.LANGUAGE_CODE):
        count = ngettext("%(count)s number differs", "%(count)s numbers differ", run.left) % {
            "count": grouped(run.left)
        }
        body = _(
            "The nightly check recounted what is stored, and not everything agrees: %(count)s.\n\n"
            "Which rows these are, and what to do:\n%(address)s\n"
        )
        address = settings.SITE_URL + reverse("operator_numbers_run", args=[run.pk])
        send_once_to_each(
            operators,
            key=f"numbers-differ:{same[:32]}",
            subject=_("Numbers of the academy do not agree"),
            body=body % {"count": count, "address": address},
            at=at,
        )
