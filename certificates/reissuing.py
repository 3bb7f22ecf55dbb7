"""Replacing a certificate after a correction: the old one stays and answers "replaced by", the new one is issued anew."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from academy import doorbell
from academy.people.models import Person
from certificates import holders, issuing, template_versions
from certificates.facts import CertificateFacts, gather
from certificates.models import Certificate
from certificates.tasks import issue_certificate
from courses.certification import no_longer_certified
from courses.models import Completion


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
    no_longer_certified([completion.pk])
    made = issuing.make_row(
        completion, revision=certificate.revision + 1, at=at, correction=correction, corrected_by=by
    )
    transaction.on_commit(lambda: doorbell.ring(issue_certificate, completion.pk), robust=True)
    return made


def facts_of_today(certificate: Certificate, *, at: datetime) -> CertificateFacts:
    """What would be printed now under the same number, code and day: what differs from the old facts was corrected.

    Nothing is written: where the organiser's template would get a new version, that is taken back.
    """
    completion, old = certificate.completion, CertificateFacts.from_json(certificate.facts)
    with transaction.atomic():
        organiser = completion.course.organiser
        template = template_versions.current(organiser, Completion.Outcome(completion.outcome), at=at)
        facts = gather(
            completion,
            organiser=organiser,
            template=template.content,
            given=holders.given_by(completion.person, template.content),
            number=old.number,
            code=old.code,
            issued_on=date.fromisoformat(old.issued_on),
            site_url=old.site_url,
            signed_by=old.signed_by,
        )
        transaction.set_rollback(True)
    return facts
