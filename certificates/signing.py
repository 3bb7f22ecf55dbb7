"""The place where a certificate's file is signed, between drawing and storing.

Nothing is signed yet, and the file says so: level "none". Whatever signs later keeps this one function.
"""

from __future__ import annotations

from dataclasses import dataclass

from certificates.facts import CertificateFacts


@dataclass(frozen=True)
class SignedFile:
    """`level` names the signature in the file, as CertificateFile keeps it; "none" is a file without one."""

    content: bytes
    level: str


def sign(pdf: bytes, facts: CertificateFacts) -> SignedFile:
    return SignedFile(content=pdf, level="none")
