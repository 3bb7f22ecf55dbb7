"""Signing by an official: many certificates under one passphrase, within the request that brought it.

The passphrase is an argument and nothing else. Rows are held under the lease that workers use; whoever is killed in
between loses it after two minutes, and the certificates wait as before.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from certificates import credential, credentials, issuing
from certificates.facts import CertificateFacts
from certificates.models import Certificate
from certificates.rendering import render_pdf
from certificates.signing import SignerUnavailable, SigningRefused, bsre

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20  # drawing, sending and checking them takes well under the lease
REASON = "Penerbitan sertifikat pelatihan"


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. `refused` tells the reason for each one that waits on although it was tried."""

    signed: list[Certificate]
    refused: list[tuple[Certificate, str]]


@dataclass(frozen=True)
class _Drawn:
    certificate: Certificate
    content: bytes
    attached: dict[str, Any] | None


@sensitive_variables("identity")
def sign(certificates: QuerySet[Certificate], identity: bsre.Identity, *, at: datetime) -> Outcome:
    """Sign those of the certificates that still wait, at most MOST_AT_ONCE, and publish what came back good.

    SigningRefused with the reason if BSrE refuses this person, SignerUnavailable if it is away: then nothing changed.
    A file that came back wrong counts as a try of its row alone.
    """
    at_bsre = settings.SIGNING.bsre
    roots = bsre.trusted_roots(at_bsre)
    bsre.check_signer(at_bsre, identity)
    claimed = issuing.claim_for_signatory(certificates[:MOST_AT_ONCE], at=at)
    signed: list[Certificate] = []
    refused: list[tuple[Certificate, str]] = []
    left = {certificate.pk: certificate for certificate in claimed}

    def refuse(certificate: Certificate, error: Exception) -> None:
        del left[certificate.pk]
        issuing.give_back(certificate, error, claimed_at=at, counts=True)
        refused.append((certificate, str(error)))
        log.error("Certificate %s cannot be signed: %s", certificate.pk, type(error).__name__)

    try:
        drawn = []
        for certificate in claimed:
            try:
                drawn.append(_draw(certificate))
            except Exception as error:  # whatever is wrong with one row, the others are still signed
                log.exception("Certificate %s cannot be drawn", certificate.pk)
                refuse(certificate, error)
        if not drawn:
            return Outcome(signed, refused)
        contents = [one.content for one in drawn]
        place = str(drawn[0].certificate.facts["place"])
        returned = bsre.sign_together(at_bsre, identity, contents, reason=REASON, location=place)
        for one, content in zip(drawn, returned, strict=True):
            try:
                signed_file = bsre.accept(one.content, content, roots)
            except SigningRefused as error:
                refuse(one.certificate, error)
                continue
            issuing.publish_signed(one.certificate, signed_file, one.attached, claimed_at=at)
            del left[one.certificate.pk]
            signed.append(one.certificate)
    except Exception as error:
        reason = error if isinstance(error, SigningRefused | SignerUnavailable) else RuntimeError(type(error).__name__)
        for certificate in left.values():
            issuing.give_back(certificate, reason, claimed_at=at, counts=False)
        raise
    return Outcome(signed, refused)


def _draw(certificate: Certificate) -> _Drawn:
    facts = CertificateFacts.from_json(certificate.facts)
    attached = credentials.of(certificate, facts)
    attachment = credential.as_bytes(attached) if attached else None
    return _Drawn(certificate, render_pdf(facts, credential=attachment), attached)
