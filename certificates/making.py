"""The file of a certificate: credential, drawing and signature. Nothing here touches the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from certificates import credential, credentials, signing, template_versions
from certificates.facts import CertificateFacts
from certificates.models import Certificate
from certificates.rendering import render_pdf
from certificates.signature_slot import SignatureSlot


@dataclass(frozen=True)
class Prepared:
    """All that goes into the file; `credential` is None where no key signs credentials, `assets` are pictures by their hash."""

    facts: CertificateFacts
    credential: dict[str, Any] | None
    assets: Mapping[str, bytes]

    def draw(self, slot: SignatureSlot | None = None) -> bytes:
        """The file, with room for its signature or without."""
        attachment = credential.as_bytes(self.credential) if self.credential else None
        return render_pdf(self.facts, assets=self.assets, slot=slot, credential=attachment)

    def sign(self) -> signing.SignedFile:
        """Drawn and signed by the backend that the facts name. A signature tells when it was really made."""
        occasion = signing.Occasion(
            signatory=self.facts.signatory,
            reason=f"{self.facts.title} {self.facts.number}",
            location=self.facts.place,
            at=timezone.now(),
        )
        return signing.signer_named(self.facts.signed_by).sign(self.draw, occasion)


def prepare(certificate: Certificate) -> Prepared:
    facts = CertificateFacts.from_json(certificate.facts)
    return Prepared(facts, credentials.of(certificate, facts), template_versions.assets_of(facts))
