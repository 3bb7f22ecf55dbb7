"""Replacing a certificate after a correction: the old one stays and answers "replaced by", the new one is issued anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from academy import doorbell
from academy.people.models import Person
from certificates import issuing
from certificates.models import Certificate
from certificates.tasks import issue_certificate


class CannotReissue(Exception):
    """The certificate was revoked together with its credit: there is nothing to certify any more."""


@transaction.atomic
def reissue(certificate: Certificate, *, correction: str, by: Person, at: datetime) -> Certificate:
    """The next revision, with the facts of now and a number of its own; a repeat returns the one that replaced it.

    The old row is superseded first, so that there never are two live ones. What was revoked for its data only may be
    replaced too. CannotReissue if its credit was annulled.
    """
    completion = issuing.locked(certificate.completion_id)
    certificate = completion.certificates.get(pk=certificate.pk)
    if next_one := completion.certificates.filter(revision=certificate.revision + 1).first():
        return next_one
    if certificate.revoked_at and certificate.annuls_credit:
        raise CannotReissue
    certificate.superseded_at = max(at, certificate.issued_at)
    certificate.save(update_fields=["superseded_at"])
    made = issuing.make_row(
        completion, revision=certificate.revision + 1, at=at, correction=correction, corrected_by=by
    )
    transaction.on_commit(lambda: doorbell.ring(issue_certificate, completion.pk), robust=True)
    return made
