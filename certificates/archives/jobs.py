"""Archives as jobs: rows are the queue. What was chosen is fixed at the start, and made in parts that are whole files.

A worker claims an archive by a conditional update and holds it under a lease, which it renews while it goes on. One
that dies leaves the parts that are whole; the next begins at the first that is missing. Calling twice equals once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from academy import doorbell, whole_files
from academy.notifications.messages import send_once
from academy.people.models import Person
from academy.people.scope import scope_in_words, units_visible_to
from certificates.archives import parts
from certificates.archives.choosing import Choice, certificates_of, counted, seen_by
from certificates.models import ArchivedCertificate, ArchivePart, CertificateArchive

log = logging.getLogger(__name__)

State = CertificateArchive.State
Clock = Callable[[], datetime]
LEASE = timedelta(seconds=120)  # renewed every few certificates
PAUSE = timedelta(minutes=1)  # before a part that failed is tried again
MOST_TRIES = 5  # without a part that was finished in between
IN_A_PART = 200  # some 18 MB: a weak line fetches them one by one
MOST_AT_ONCE = 10_000
MOST_LIVE = 5  # of one person: each may fill a disk
KEEP_FOR = timedelta(days=7)


class CannotGather(Exception):
    """The archive is not begun; the message says why."""


class LeaseLost(Exception):
    """Somebody else took the archive over, or it was cancelled, while this worker was at it."""


@transaction.atomic
def start(choice: Choice, *, by: Person, at: datetime) -> CertificateArchive:
    """The archive of this choice. While it is being made, or holds what it would hold now, it is the same one.

    CannotGather if there is nothing to gather, too much, or too many of one's own archives lie there already.
    """
    Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks
    units = units_visible_to(by, at=at)
    wanted = list(certificates_of(choice, units).values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    live = CertificateArchive.objects.live().filter(by=by)
    present = live.filter(
        unit=choice.unit, year=choice.year, course=choice.course, with_withdrawn=choice.with_withdrawn
    ).first()
    if present is not None:
        held = present.entries.order_by("position").values_list("certificate", flat=True)
        if present.state == State.WAITING or set(held) == set(wanted):
            return present
        _end(present, State.EXPIRED)
    _check_size(wanted, live=live.count())
    archive = CertificateArchive.objects.create(
        by=by,
        at=at,
        scope=scope_in_words(by, at=at)[:300],
        unit=choice.unit,
        year=choice.year,
        course=choice.course,
        with_withdrawn=choice.with_withdrawn,
        total=len(wanted),
        left_out=counted(choice, units).left_out(),
    )
    ArchivedCertificate.objects.bulk_create(
        (
            ArchivedCertificate(archive=archive, position=index + 1, part=index // IN_A_PART + 1, certificate_id=pk)
            for index, pk in enumerate(wanted)
        ),
        batch_size=500,
    )
    _ring_after_commit(archive)
    return archive


def _check_size(wanted: list[int], *, live: int) -> None:
    if not wanted:
        raise CannotGather(_("There is no certificate to gather for this choice."))
    if len(wanted) > MOST_AT_ONCE:
        raise CannotGather(
            _("These are more than %(most)d certificates. Choose a smaller unit or one course.")
            % {"most": MOST_AT_ONCE}
        )
    if live >= MOST_LIVE:
        raise CannotGather(
            _("You have %(count)d archives already. Delete one of them below, then ask again.") % {"count": live}
        )


def cancel(archive: CertificateArchive) -> None:
    """Stop gathering, or delete what is ready. Files go at once; a worker that is at it finds its lease gone."""
    _end(archive, State.CANCELLED)


def work_on(archive_id: int, *, clock: Clock) -> bool:
    """Make the parts that are missing, if nobody else is at it; whether it was done to the end. Errors leave it owed."""
    at = clock()
    _give_up(at=at)
    claimed = _free(at=at).filter(pk=archive_id).update(lease_until=at + LEASE, tries=F("tries") + 1)
    if not claimed:
        return False
    archive = CertificateArchive.objects.select_related("by", "unit", "course").get(pk=archive_id)
    archive.lease_until = at + LEASE
    try:
        _make_missing_parts(archive, clock=clock)
    except LeaseLost:
        return False
    except Exception as error:
        # Whatever it was, the row must not stay ours until the lease ends; the caller gets to see it all the same.
        # A full disk, a storage or a database that is away counts as no try.
        blameless = isinstance(error, OSError | OperationalError)
        _under(archive).update(
            lease_until=clock() + PAUSE,
            tries=F("tries") - (1 if blameless else 0),
            last_error=f"{type(error).__name__}: {error}"[:2000],
        )
        raise
    return True


def sweep(*, clock: Clock) -> int:
    """Make what is owed and no message announced; how many archives. What fails is logged and does not stop others."""
    _give_up(at=clock())
    done = 0
    for archive_id in list(_free(at=clock()).order_by("tries", "at", "pk").values_list("pk", flat=True)):
        try:
            done += work_on(archive_id, clock=clock)
        except Exception:  # whatever is wrong with one archive, the others are still owed theirs
            log.exception("Archive %s cannot be gathered", archive_id)
    return done


def tidy(*, at: datetime) -> int:
    """End the archives whose time is over, and delete files that belong to none; how many files."""
    for archive in CertificateArchive.objects.filter(state=State.READY, expires_at__lte=at):
        _end(archive, State.EXPIRED)
    ended = CertificateArchive.objects.filter(state=State.FAILED, at__lte=at - KEEP_FOR)
    ArchivedCertificate.objects.filter(archive__in=ended).delete()
    folder = Path(settings.EXPORTS_ROOT)
    deleted = whole_files.delete_drafts(folder, before=at - timedelta(days=1))
    wanted = set(ArchivePart.objects.filter(archive__in=CertificateArchive.objects.live()).values_list("file_name"))
    for path in folder.glob("*.zip"):
        if (path.name,) not in wanted and path.stat().st_mtime < (at - timedelta(days=1)).timestamp():
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def make_again(part: ArchivePart) -> None:
    """A part whose file is gone is derived: the worker makes it anew."""
    with transaction.atomic():
        CertificateArchive.objects.filter(pk=part.archive_id, state=State.READY).update(
            state=State.WAITING, tries=0, lease_until=None
        )
        part.delete()
        _ring_after_commit(part.archive)


def strangers_in(archive: CertificateArchive, *, at: datetime, part: int | None = None) -> int:
    """How many of the chosen certificates are no longer the officer's to see: people who moved away since."""
    entries = archive.entries.filter(part=part) if part else archive.entries.all()
    seen = seen_by(archive.by, archive.unit, at=at)
    return entries.exclude(certificate__completion__person__unit__in=seen).count()


def part_count(archive: CertificateArchive) -> int:
    """As it was divided at the start; 0 once it ended."""
    last: int | None = archive.entries.aggregate(last=Max("part"))["last"]
    return last or 0


def _make_missing_parts(archive: CertificateArchive, *, clock: Clock) -> None:
    if not seen_by(archive.by, archive.unit, at=clock()).exists():  # the role ended: nobody may have it
        _end(archive, State.CANCELLED)
        raise LeaseLost
    whole = set(archive.parts.values_list("number", flat=True))
    last = part_count(archive)
    for number in range(1, last + 1):
        if number not in whole:
            _make_part(archive, number, of=last, clock=clock)
    _finish(archive, at=clock())


def _make_part(archive: CertificateArchive, number: int, *, of: int, clock: Clock) -> None:
    """Write one ZIP file and then its row, if the archive is still ours."""
    before = _in_whole_parts(archive)

    def progress(written: int) -> None:
        _renew(archive, at=clock(), done=before + written)

    progress(0)
    made = parts.write(archive, number, of=of, at=clock(), progress=progress)
    try:
        _record(archive, number, made)
    except BaseException:
        parts.path_of(made["file_name"]).unlink(missing_ok=True)
        raise


@transaction.atomic
def _record(archive: CertificateArchive, number: int, made: dict[str, Any]) -> None:
    if not _under(archive).select_for_update().exists():
        raise LeaseLost
    ArchivePart.objects.create(archive=archive, number=number, **made)
    # What was finished cannot have been the fault: the next part has its own tries.
    _under(archive).update(tries=1, last_error="")


def _in_whole_parts(archive: CertificateArchive) -> int:
    numbers = archive.parts.values("number")
    return archive.entries.filter(part__in=numbers).count()


@transaction.atomic
def _finish(archive: CertificateArchive, *, at: datetime) -> None:
    """Ready, and its owner is told, at once."""
    found = _under(archive).update(
        state=State.READY, ready_at=at, expires_at=at + KEEP_FOR, done=archive.total, lease_until=None, tries=0
    )
    if not found:
        raise LeaseLost
    with override(settings.LANGUAGE_CODE):
        send_once(
            archive.by,
            key=f"certificate-archive:{archive.pk}:{at:%Y%m%d%H%M%S}",
            subject=_("The certificates you asked for are gathered"),
            body=_(
                "Hello %(name)s,\n\n%(count)d certificates of %(unit)s, year %(year)d, are ready to download:\n"
                "%(address)s\n\nThey are deleted after %(days)d days.\n"
            )
            % {
                "name": archive.by.full_name,
                "count": archive.total,
                "unit": archive.unit.name,
                "year": archive.year,
                "address": f"{settings.SITE_URL}/kepegawaian/sertifikat/arsip/{archive.pk}/",
                "days": KEEP_FOR.days,
            },
            at=at,
        )


@transaction.atomic
def _end(archive: CertificateArchive, state: State) -> None:
    """Its files and the list of its certificates go; the row stays and says that there was an archive."""
    changed = CertificateArchive.objects.live().filter(pk=archive.pk).update(state=state, lease_until=None)
    archive.refresh_from_db()
    if not changed:
        return
    names = list(archive.parts.values_list("file_name", flat=True))
    archive.entries.all().delete()

    def delete_files() -> None:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                parts.path_of(name).unlink()

    transaction.on_commit(delete_files, robust=True)


def _free(*, at: datetime) -> QuerySet[CertificateArchive]:
    return CertificateArchive.objects.owed().filter(Q(lease_until=None) | Q(lease_until__lte=at))


def _under(archive: CertificateArchive) -> QuerySet[CertificateArchive]:
    """The row, if it is still ours: waiting, under the same lease."""
    return CertificateArchive.objects.owed().filter(pk=archive.pk, lease_until=archive.lease_until)


def _renew(archive: CertificateArchive, *, at: datetime, done: int) -> None:
    lease_until = at + LEASE
    if not _under(archive).update(lease_until=lease_until, done=done):
        raise LeaseLost
    archive.lease_until = lease_until


def _give_up(*, at: datetime) -> None:
    """What failed too often, or took its worker down with it, is not tried for ever."""
    _free(at=at).filter(tries__gte=MOST_TRIES).update(state=State.FAILED, lease_until=None)


def _ring_after_commit(archive: CertificateArchive) -> None:
    from certificates.tasks import work_on_archive  # the task calls this module

    transaction.on_commit(lambda: doorbell.ring(work_on_archive, archive.pk), robust=True)
