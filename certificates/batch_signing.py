"""Signing by an official: many certificates under one passphrase, within the request that brought it.

The passphrase is an argument and nothing else. Rows are held under the lease that workers use; whoever is killed in
between loses it after two minutes, and the certificates wait as before.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import x509 as asn1_x509
from django.conf import settings
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from certificates import issuing, making
from certificates.models import Certificate
from certificates.signing import SigningRefused, bsre

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20  # drawing, sending and checking them takes well under the lease
REASON = "Penerbitan sertifikat pelatihan"


@dataclass(frozen=True)
class Outcome:
    """What became of a batch. `refused` tells the reason for each one that waits on although it was tried."""

    signed: list[Certificate]
    refused: list[tuple[Certificate, str]]


@sensitive_variables("identity")
def sign(certificates: QuerySet[Certificate], identity: bsre.Identity, *, at: datetime) -> Outcome:
    """Sign those of the certificates that still wait, at most MOST_AT_ONCE, and publish what came back good.

    SigningRefused with the reason if BSrE refuses this person, SignerUnavailable if it is away, OSError if the disk
    refuses: what is not published then waits as before. A file that came back wrong counts as a try of its row alone.
    """
    at_bsre = settings.SIGNING.bsre
    roots = bsre.trusted_roots(at_bsre)
    bsre.check_signer(at_bsre, identity)
    batch = _Batch(_claim(certificates, at=at), at)
    try:
        drawn = batch.draw()
        if drawn:
            contents = [one.content for one in drawn]
            place = str(drawn[0].certificate.facts["place"])
            returned = bsre.sign_together(at_bsre, identity, contents, reason=REASON, location=place)
            for one, content in zip(drawn, returned, strict=True):
                batch.publish(one, content, roots)
    except Exception as error:
        batch.give_back(error)
        raise
    return Outcome(batch.signed, batch.refused)


@dataclass(frozen=True)
class _Drawn:
    certificate: Certificate
    content: bytes
    attached: dict[str, Any] | None


class _Batch:
    """Certificates under one lease; whatever happens, each ends up published, refused or given back."""

    def __init__(self, claimed: list[Certificate], at: datetime) -> None:
        self._held = {certificate.pk: certificate for certificate in claimed}
        self._at = at
        self.signed: list[Certificate] = []
        self.refused: list[tuple[Certificate, str]] = []

    def draw(self) -> list[_Drawn]:
        """The unsigned files; a row that cannot be drawn is refused and does not stop the others."""
        drawn = []
        for certificate in list(self._held.values()):
            try:
                drawn.append(_draw(certificate))
            except issuing.BLAMELESS:
                raise
            except Exception as error:  # whatever is wrong with one row, the others are still signed
                log.exception("Certificate %s cannot be drawn", certificate.pk)
                self._refuse(certificate, error)
        return drawn

    def publish(self, drawn: _Drawn, returned: bytes | None, roots: list[asn1_x509.Certificate]) -> None:
        try:
            signed_file = bsre.accept(drawn.content, returned, roots)
        except SigningRefused as error:
            self._refuse(drawn.certificate, error)
            return
        if issuing.publish(drawn.certificate, signed_file, drawn.attached, at=self._at):
            self.signed.append(drawn.certificate)
        del self._held[drawn.certificate.pk]

    def give_back(self, error: Exception) -> None:
        for certificate in self._held.values():
            issuing.give_back(certificate, error, at=self._at, counts=False)

    def _refuse(self, certificate: Certificate, error: Exception) -> None:
        del self._held[certificate.pk]
        issuing.give_back(certificate, error, at=self._at, counts=True)
        self.refused.append((certificate, str(error)))
        log.error("Certificate %s cannot be signed: %s", certificate.pk, type(error).__name__)


def _claim(certificates: QuerySet[Certificate], *, at: datetime) -> list[Certificate]:
    """As many of them as are signed at once; those that somebody else is signing are left to them."""
    wanted = [certificate.pk for certificate in certificates[:MOST_AT_ONCE]]
    claimed = [issuing.claim(issuing.signable(at=at).filter(pk=pk), at=at) for pk in wanted]
    return [certificate for certificate in claimed if certificate is not None]


def _draw(certificate: Certificate) -> _Drawn:
    prepared = making.prepare(certificate)
    return _Drawn(certificate, prepared.draw(), prepared.credential)
