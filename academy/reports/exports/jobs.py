"""From asking for a file to deleting it. Calling twice equals calling once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from academy import doorbell
from academy.people.models import Person
from academy.reports import reading
from academy.reports.dossier import Changing
from academy.reports.exports import making, telling
from academy.reports.exports.heart import LeaseLost
from academy.reports.exports.queue import claim_next, free
from academy.reports.models import KEEP_FOR, KEPT, OWED, Export
from academy.reports.registry import Question, Report

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Problem = Export.Problem
FRESH = timedelta(minutes=10)  # whoever asks the same again gets this file, not another
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))  # before it is tried again
MOST_TRIES = len(PAUSES) + 1
MOST_LIVE = 40  # of one person: each fills a disk


class CannotExport(Exception):
    """The file is not begun; the message says why."""


@transaction.atomic
def start(report: Report, question: Question, word: str, *, by: Person, total: int | None, at: datetime) -> Export:
    """The export of this question. While it is owed, or its file is fresh and may be given out, it is the same one.

    CannotExport if too many of one's own wait or lie there already.
    """
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks
    asked = {
        "report": report.name,
        "format": word,
        "language": get_language() or settings.LANGUAGE_CODE,
        "query": question.filters.as_query(),
    }
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    fresh = KEPT & Q(ready_at__gt=at - FRESH)
    for present in Export.objects.filter(OWED | fresh, by=by, key=key):
        if present.ready_at is None or not making.withheld(present, question.scope):
            return present
    if Export.objects.live(at=at).filter(by=by).count() >= MOST_LIVE:
        raise CannotExport(
            _("You have %(count)d report files already, ready or being made. Delete some of them, then ask again.")
            % {"count": MOST_LIVE}
        )
    export: Export = Export.objects.create(
        by=by,
        at=at,
        key=key,
        scope=question.scope.label[:300],
        filters=question.filters.in_words(),
        total=total,
        **asked,
    )
    ring_after_commit()
    return export


def discard(export: Export, *, at: datetime) -> None:
    """Do not make it, or delete what is ready, whose file may be lost. A worker that is at it finds its lease gone."""
    if not Export.objects.owed().filter(pk=export.pk).update(cancelled_at=at, claim=None, lease_until=None):
        Export.objects.filter(KEPT, pk=export.pk).update(deleted_at=at)
    _delete_files(Q(pk=export.pk), at=at)
    export.refresh_from_db()


def work_on_next(*, clock: Clock) -> bool:
    """Make one file, if one is owed; whether there was one. What fails rests, and is given up after five tries."""
    _give_up(at=clock())
    export = claim_next(at=clock())
    if export is None:
        return False
    try:
        _make(export, clock=clock)
    except LeaseLost:
        log.info("Export %s was taken over or cancelled", export.pk)
    except making.NotAllowed as refusal:
        _fail(export, refusal.problem, at=clock())
    except reading.TooLong:
        _fail(export, Problem.TIME, at=clock())
    except Exception as error:  # whatever is wrong with one, the others are still owed theirs
        log.exception("Export %s cannot be made", export.pk)
        _rest(export, error, at=clock())
    return True


def tidy(*, at: datetime) -> int:
    """Delete the files whose time is over, and those that belong to no row; how many."""
    deleted = _delete_files(Q(ready_at__lte=at - KEEP_FOR), at=at)
    yesterday = (at - timedelta(days=1)).timestamp()
    wanted = set(Export.objects.exclude(file_key="").values_list("file_key", flat=True))
    for path in making.folder().glob("[!.]*"):
        with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
            if path.name not in wanted and path.stat().st_mtime < yesterday:
                path.unlink()
                deleted += 1
    return deleted


def ring_after_commit() -> None:
    from academy.reports.tasks import make_next_export  # the task calls this module

    transaction.on_commit(lambda: doorbell.ring(make_next_export), robust=True)


def _make(export: Export, *, clock: Clock) -> None:
    """The file first, then the row that points to it, if the export is still ours."""
    made = making.make(export, clock=clock)
    try:
        _record(export, made, at=clock())
    except BaseException:
        making.path_of(made.file_key).unlink(missing_ok=True)
        raise


@transaction.atomic
def _record(export: Export, made: making.Made, *, at: datetime) -> None:
    found = Export.objects.owed().filter(pk=export.pk, claim=export.claim)
    if not found.update(
        **made.fields(), written=made.rows, ready_at=at, claim=None, lease_until=None, problem="", last_error=""
    ):
        raise LeaseLost
    export.refresh_from_db()
    telling.tell(export, at=at)


def _rest(export: Export, error: Exception, *, at: datetime) -> None:
    """A pause that grows, and the reason; after the last try there is no other."""
    problem = Problem.OTHER
    if isinstance(error, OSError):
        problem = Problem.DISK
    elif isinstance(error, Changing):
        problem = Problem.CHANGING
    elif isinstance(error, DatabaseError):
        problem = Problem.DATABASE
    Export.objects.owed().filter(pk=export.pk, claim=export.claim).update(
        claim=None,
        lease_until=at + PAUSES[min(export.tries, len(PAUSES)) - 1],
        problem=problem,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )
    if export.tries >= MOST_TRIES:
        export.claim = None
        _fail(export, problem, at=at)


def _give_up(*, at: datetime) -> None:
    """What took its worker down with it again and again is not tried for ever."""
    for export in free(at=at).filter(tries__gte=MOST_TRIES).select_related("by"):
        _fail(export, Problem(export.problem or Problem.WORKER), at=at)


@transaction.atomic
def _fail(export: Export, problem: Problem, *, at: datetime) -> None:
    found = Export.objects.owed().filter(pk=export.pk, claim=export.claim)
    if found.update(failed_at=at, problem=problem, claim=None, lease_until=None):
        export.refresh_from_db()
        telling.tell(export, at=at)


def _delete_files(condition: Q, *, at: datetime) -> int:
    """First the file, then the key that tells of it: whoever dies in between leaves the rest to the next sweep."""
    deleted = 0
    ended = Export.objects.filter(condition | Q(deleted_at__isnull=False)).exclude(file_key="")
    for export in ended:
        with contextlib.suppress(FileNotFoundError):
            making.path_of(export.file_key).unlink()
            deleted += 1
        Export.objects.filter(pk=export.pk).update(file_key="", deleted_at=export.deleted_at or at)
    return deleted
