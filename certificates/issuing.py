"""From a completion to a published certificate. Rows are the queue: whatever is owed is found by a query.

`issue` makes the row, `publish_file` draws, stores and publishes it, `sweep` does both for all that is still owed.
Calling any of them twice equals calling once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from certificates import codes, credential, credentials, holders, numbering, signing, store, template_versions
from certificates.facts import TEMPLATE_VERSION, CertificateFacts, gather
from certificates.messages import announce
from certificates.models import Certificate, CertificateFile, SigningKey
from certificates.rendering import render_pdf
from courses.models import Completion

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
MOST_TRIES = 5  # then the row is set aside with its last error, until somebody looks
PAGE = 200


@dataclass(frozen=True)
class Swept:
    """What a sweep did; `failed` counts rows that stay owed."""

    issued: int
    published: int
    failed: int


def completions_without_certificate() -> QuerySet[Completion]:
    """What is owed a certificate: no row of any state, so that a revoked one is never issued again."""
    return Completion.objects.filter(certificates__isnull=True)


def unpublished() -> QuerySet[Certificate]:
    """What has no file yet and is not withdrawn, whether somebody works on it or not."""
    return Certificate.objects.live().filter(published_at__isnull=True)


def owed_files() -> QuerySet[Certificate]:
    """What is owed a file: not published, not set aside, not withdrawn."""
    return unpublished().filter(tries__lt=MOST_TRIES)


def certificates_without_file(*, at: datetime) -> QuerySet[Certificate]:
    """What is owed a file and may be worked on now: not under somebody's lease."""
    return owed_files().filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at))


def set_aside() -> QuerySet[Certificate]:
    """What was tried too often and waits for somebody to look at `last_error`."""
    return unpublished().filter(tries__gte=MOST_TRIES)


def issue(completion: Completion, *, at: datetime) -> Certificate:
    """The certificate's row with number, code and frozen facts; a repeat returns the row that is there.

    The completion is locked first: of many callers one issues, the others find the row. No number is skipped.
    """
    with transaction.atomic():
        completion = _locked(completion.pk)
        present = completion.certificates.order_by("-revision").first()
        if present is not None:
            return present
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
        )


def publish_file(certificate: Certificate, *, at: datetime) -> Certificate:
    """Draw, sign, store and publish. A published one, one under lease or one set aside comes back as it is.

    Drawing and storing happen outside any transaction. A lost lease loses harmlessly: the same facts give the same
    file, and only the holder of the lease publishes. Any error leaves the row owed and counts as a try, except what is
    not the row's fault: a full disk, a database or a signer that is away.
    """
    lease_until = at + LEASE
    if not _claim(certificate, at=at, lease_until=lease_until):
        certificate.refresh_from_db()
        return certificate
    try:
        signed, attached = _draw_and_sign(certificate)
        stored = store.keep(signed.content)
        _publish(certificate, stored, signed, attached, lease_until=lease_until, at=at)
    except (OSError, OperationalError, signing.SignerUnavailable) as error:
        _give_back(certificate, lease_until, error, counts=False)
        raise
    except Exception as error:
        _give_back(certificate, lease_until, error, counts=True)
        raise
    certificate.refresh_from_db()
    return certificate


def _draw_and_sign(certificate: Certificate) -> tuple[signing.SignedFile, dict[str, Any] | None]:
    """The signed file, and the credential that is attached to it. A signature tells when it was really made."""
    facts = CertificateFacts.from_json(certificate.facts)
    signed_credential = credentials.of(certificate, facts)
    attachment = credential.as_bytes(signed_credential) if signed_credential else None
    occasion = signing.Occasion(
        signatory=facts.signatory,
        reason=f"{facts.title} {facts.number}",
        location=facts.place,
        at=timezone.now(),
    )
    signer = signing.signer_named(facts.signed_by)
    assets = template_versions.assets_of(facts)
    signed = signer.sign(lambda slot: render_pdf(facts, assets=assets, slot=slot, credential=attachment), occasion)
    return signed, signed_credential


@transaction.atomic
def _publish(
    certificate: Certificate,
    stored: store.Stored,
    signed: signing.SignedFile,
    attached: dict[str, Any] | None,
    *,
    lease_until: datetime,
    at: datetime,
) -> None:
    if _under(certificate, lease_until).select_for_update().exists():
        key = SigningKey.objects.filter(fingerprint=signed.fingerprint).first() if signed.fingerprint else None
        file, _created = CertificateFile.objects.get_or_create(
            sha256=stored.sha256,
            defaults={
                "size": stored.size,
                "key": stored.key,
                "level": signed.level,
                "signing_key": key,
                "credential": attached,
            },
        )
        _under(certificate, lease_until).update(file=file, published_at=at, lease_until=None, last_error="")
        announce(certificate, at=at)


def sweep(*, at: datetime, limit: int) -> Swept:
    """Issue and publish what is owed, at most `limit` of each. What fails is logged and does not stop the others.

    `at` is when the sweep begins; each row gets the moment of its own turn, counted from there.
    """
    began = time.monotonic()

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    issued = published = failed = 0
    for completion in _in_pages(completions_without_certificate()):
        if issued >= limit:
            break
        try:
            issue(completion, at=now())
            issued += 1
        except Exception:  # whatever is wrong with one row, the others are still owed theirs
            failed += 1
            log.exception("Completion %s cannot be certified", completion.pk)
    owed = certificates_without_file(at=now()).order_by("tries", "issued_at", "pk")
    for certificate in list(owed[:limit]):
        try:
            publish_file(certificate, at=now())
            published += 1
        except Exception:  # the same; the row itself counts its tries
            failed += 1
            log.exception("Certificate %s cannot be published", certificate.pk)
    return Swept(issued=issued, published=published, failed=failed)


def try_again(certificates: QuerySet[Certificate]) -> int:
    """Let the sweep take up again what was set aside; how many."""
    return certificates.filter(published_at__isnull=True).update(tries=0, lease_until=None, last_error="")


def _locked(pk: int) -> Completion:
    Completion.objects.select_for_update().get(pk=pk)
    return Completion.objects.select_related(
        "person", "course__organiser", "edition", "enrolment__run", "unit", "agency"
    ).get(pk=pk)


def _claim(certificate: Certificate, *, at: datetime, lease_until: datetime) -> bool:
    owed = certificates_without_file(at=at).filter(pk=certificate.pk)
    return bool(owed.update(lease_until=lease_until, tries=F("tries") + 1))


def _under(certificate: Certificate, lease_until: datetime) -> QuerySet[Certificate]:
    """The row, if it is still ours to publish."""
    return Certificate.objects.live().filter(pk=certificate.pk, published_at__isnull=True, lease_until=lease_until)


def _give_back(certificate: Certificate, lease_until: datetime, error: Exception, *, counts: bool) -> None:
    tries = F("tries") if counts else F("tries") - 1
    text = f"{type(error).__name__}: {error}"[:2000]
    _under(certificate, lease_until).update(lease_until=None, tries=tries, last_error=text)


def _in_pages(completions: QuerySet[Completion]) -> Iterator[Completion]:
    """All of them, oldest first, a page at a time; those that cannot be certified do not hide the ones behind."""
    last = 0
    while page := list(completions.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk
