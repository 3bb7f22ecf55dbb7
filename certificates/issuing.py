"""From a completion to a published certificate. Rows are the queue: whatever is owed is found by a query.

`issue` makes the row, `publish_file` draws, stores and publishes it, `sweep` does both for all that is still owed.
Calling any of them twice equals calling once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from certificates import codes, credentials, holders, making, numbering, signing, store, template_versions
from certificates.facts import TEMPLATE_VERSION, gather
from certificates.messages import announce
from certificates.models import Certificate, CertificateFile
from courses.certification import certified
from courses.models import Completion

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
MOST_TRIES = 5  # then the row is set aside with its last error, until somebody looks
# How long a row rests after its first, second… failed try; the last holds for all that follow.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
OUTAGE = timedelta(seconds=30)  # the rest of a row that is not at fault: less than from one sweep to the next
UNNAMED = "local"  # who signs what has facts of the first layout, which do not name a signer
OUTAGES_IN_A_ROW = 3  # then a sweep ends: a disk that is full or a signer that is away fails every row alike


# What no row is to blame for: a full disk, a database or a signer that is away. It counts no try.
BLAMELESS = (OSError, OperationalError, signing.SignerUnavailable)


@dataclass(frozen=True)
class Swept:
    """What a sweep did; `failed` counts rows that stay owed."""

    issued: int
    published: int
    failed: int


def completions_without_certificate() -> QuerySet[Completion]:
    """What is owed a certificate: no row of any state, so that a revoked one is never issued again."""
    return Completion.objects.filter(~Exists(Certificate.objects.filter(completion=OuterRef("pk"))))


def unpublished() -> QuerySet[Certificate]:
    """What has no file yet and is not withdrawn, whether somebody works on it or not."""
    return Certificate.objects.live().filter(published_at__isnull=True)


def owed_files() -> QuerySet[Certificate]:
    """What a worker owes a file: not published, not set aside, not withdrawn, and to be signed by today's backend.

    What waits for a person, or for a backend that this installation no longer has, is no worker's.
    """
    if settings.SIGNING.backend == signing.BY_HAND:
        return Certificate.objects.none()
    return unpublished().filter(_signed_by(settings.SIGNING.backend), tries__lt=MOST_TRIES)


def waiting_for_another_backend() -> QuerySet[Certificate]:
    """What is to be signed by a backend that is not this installation's: nobody signs in its place."""
    backend = settings.SIGNING.backend
    named = ~Q(facts__signed_by=backend) & Q(facts__signed_by__isnull=False)
    return unpublished().filter(named if backend == UNNAMED else named | Q(facts__signed_by__isnull=True))


def _signed_by(backend: str) -> Q:
    unnamed = Q(facts__signed_by__isnull=True) if backend == UNNAMED else Q(pk__in=[])
    return Q(facts__signed_by=backend) | unnamed


def _free(at: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lte=at) | Q(lease_until__gt=at + LEASE)


def waiting_for_signatory() -> QuerySet[Certificate]:
    """What a person signs who types a passphrase, see `batch_signing`; whether somebody works on it or not."""
    return unpublished().filter(facts__signed_by=signing.BY_HAND, tries__lt=MOST_TRIES)


def certificates_without_file(*, at: datetime) -> QuerySet[Certificate]:
    """What is owed a file and may be worked on now: not under somebody's lease, not resting after a failed try.

    A lease or pause that ends later than one taken now would was taken by a clock that has been set back since: it
    does not count.
    """
    rested = Q(retry_at__isnull=True) | Q(retry_at__lte=at) | Q(retry_at__gt=at + PAUSES[-1])
    return owed_files().filter(_free(at), rested)


def signable(*, at: datetime) -> QuerySet[Certificate]:
    """What a person may sign now: not under somebody's lease. It does not rest: a mistyped passphrase is typed again."""
    return waiting_for_signatory().filter(_free(at))


def set_aside() -> QuerySet[Certificate]:
    """What was tried too often and waits for somebody to look at `last_error`."""
    return unpublished().filter(tries__gte=MOST_TRIES)


def issue(completion: Completion, *, at: datetime) -> Certificate:
    """The certificate's row with number, code and frozen facts; a repeat returns the row that is there.

    The completion is locked first: of many callers one issues, the others find the row. No number is skipped.
    """
    with transaction.atomic():
        completion = locked(completion.pk)
        present = completion.certificates.order_by("-revision").first()
        if present is not None:
            return present
        return make_row(completion, revision=1, at=at)


def make_row(completion: Completion, *, revision: int, at: datetime, **more: Any) -> Certificate:
    """A row with the next number, a new code and the facts of now. For `issue` and `reissue`, in their transactions."""
    at = max(at, completion.completed_at)  # a clock that was set back certifies nobody ahead of time
    organiser = completion.course.organiser
    template = template_versions.current(organiser, Completion.Outcome(completion.outcome), at=at)
    issued_on = at.astimezone(ZoneInfo(organiser.time_zone)).date()
    sequence = numbering.next_sequence(organiser, year=issued_on.year)
    number = numbering.write(
        template.content["number_format"], sequence=sequence, organiser_code=organiser.code, issued_on=issued_on
    )
    facts = gather(
        completion,
        organiser=organiser,
        template=template.content,
        given=holders.given_by(completion.person, template.content),
        number=number,
        code=codes.new_code(),
        issued_on=issued_on,
        site_url=settings.SITE_URL,
        signed_by=settings.SIGNING.backend,
    )
    return Certificate.objects.create(
        completion=completion,
        revision=revision,
        organiser=organiser,
        year=issued_on.year,
        sequence=sequence,
        number=number,
        code=facts.code,
        facts=facts.as_json(),
        facts_sha256=facts.sha256(),
        template=template,
        template_version=TEMPLATE_VERSION,
        issued_at=at,
        status_index=credentials.new_status_index(),
        **more,
    )


def publish_file(certificate: Certificate, *, at: datetime) -> Certificate:
    """Draw, sign, store and publish. A published one, one under lease or one set aside comes back as it is.

    Drawing and storing happen outside any transaction. A lost lease loses harmlessly: the same facts give the same
    file, and only the holder of the lease publishes. Any error leaves the row owed and counts as a try, except what is
    not the row's fault: a full disk, a database or a signer that is away.
    """
    claimed = claim(certificates_without_file(at=at).filter(pk=certificate.pk), at=at)
    if claimed is not None:
        _make_file(claimed, at=at)
    certificate.refresh_from_db()
    return certificate


def _make_file(certificate: Certificate, *, at: datetime) -> bool:
    """Publish what this worker holds under its lease; whether it did, or somebody else has it by now."""
    try:
        prepared = making.prepare(certificate)
        return publish(certificate, prepared.sign(), prepared.credential, at=at)
    except BLAMELESS as error:
        give_back(certificate, error, at=at, counts=False)
        raise
    except Exception as error:
        give_back(certificate, error, at=at, counts=True)
        raise


def claim(owed: QuerySet[Certificate], *, at: datetime) -> Certificate | None:
    """Take the first of these under a lease. Where the database can, a row that another worker is taking is skipped."""
    with transaction.atomic():
        certificate = owed.select_for_update(skip_locked=True).first()
        if certificate is not None:
            certificate.lease_until = at + LEASE
            certificate.tries += 1
            certificate.save(update_fields=["lease_until", "tries"])
    return certificate


def publish(
    certificate: Certificate, signed: signing.SignedFile, attached: dict[str, Any] | None, *, at: datetime
) -> bool:
    """Store the file, then let the row point to it and owe the learner a message; whether the lease was still held."""
    stored = store.keep(signed.content)
    with transaction.atomic():
        if not _held(certificate).select_for_update().exists():
            return False
        file, _created = CertificateFile.objects.get_or_create(
            sha256=stored.sha256,
            defaults={
                "size": stored.size,
                "key": stored.key,
                "level": signed.level,
                "signing_key": signed.key,
                "credential": attached,
            },
        )
        _held(certificate).update(file=file, published_at=at, lease_until=None, retry_at=None, last_error="")
        certified([certificate.completion_id], at=at)
        announce(certificate, at=at)
    return True


def give_back(certificate: Certificate, error: Exception, *, at: datetime, counts: bool) -> None:
    """Let the row rest. One that is not at fault keeps its tries."""
    tries = certificate.tries if counts else certificate.tries - 1
    pause = PAUSES[min(tries, len(PAUSES)) - 1] if counts else OUTAGE
    text = f"{type(error).__name__}: {error}"[:2000]
    _held(certificate).update(lease_until=None, retry_at=at + pause, tries=tries, last_error=text)


def sweep(*, at: datetime, limit: int) -> Swept:
    """Issue and publish what is owed, at most `limit` of each. What fails is logged and does not stop the others.

    `at` is when the sweep begins; each row gets the moment of its own turn, counted from there.
    """
    began = time.monotonic()

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    issued, not_issued = _issue_owed(now, limit)
    published, not_published = _publish_owed(now, limit)
    return Swept(issued=issued, published=published, failed=not_issued + not_published)


def _issue_owed(now: Callable[[], datetime], limit: int) -> tuple[int, int]:
    issued = failed = last = 0
    while issued < limit:
        with transaction.atomic():
            owed = completions_without_certificate().filter(pk__gt=last).order_by("pk")
            completion = owed.select_for_update(skip_locked=True).first()  # another worker's is in good hands
            if completion is None:
                break
            last = completion.pk
            try:
                issue(completion, at=now())
                issued += 1
            except Exception:  # whatever is wrong with one row, the others are still owed theirs
                failed += 1
                log.exception("Completion %s cannot be certified", completion.pk)
    return issued, failed


def _publish_owed(now: Callable[[], datetime], limit: int) -> tuple[int, int]:
    published = failed = outages = 0
    while published + failed < limit and outages < OUTAGES_IN_A_ROW:
        owed = certificates_without_file(at=now()).order_by("tries", "issued_at", "pk")
        certificate = claim(owed, at=now())
        if certificate is None:
            break
        try:
            published += _make_file(certificate, at=now())
            outages = 0
        except Exception as error:  # the same; the row itself counts its tries
            failed += 1
            outages = outages + 1 if isinstance(error, BLAMELESS) else 0
            log.exception("Certificate %s cannot be published", certificate.pk)
    return published, failed


def try_again(certificates: QuerySet[Certificate]) -> int:
    """Let the sweep take up again what was set aside; how many. Whoever is at its last try now goes on."""
    return certificates.filter(published_at__isnull=True).update(tries=0, retry_at=None, last_error="")


def locked(pk: int) -> Completion:
    """The completion with all that is printed, its row locked until the transaction ends."""
    Completion.objects.select_for_update().get(pk=pk)
    return Completion.objects.select_related(
        "person", "course__organiser", "edition", "enrolment__run", "unit", "agency"
    ).get(pk=pk)


def _held(certificate: Certificate) -> QuerySet[Certificate]:
    """The row, if it is still ours to publish: under the very lease that was taken."""
    ours = Certificate.objects.live().filter(published_at__isnull=True)
    return ours.filter(pk=certificate.pk, lease_until=certificate.lease_until)
