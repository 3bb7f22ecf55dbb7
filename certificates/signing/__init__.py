"""Signing a certificate's file: one interface, one backend for each kind of signature, never one in place of another.

Which backend signs is frozen among the certificate's facts (`signed_by`), since the paper says it in words. A backend
that is away delays the file and not the credit: SignerUnavailable leaves the row owed and counts no try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django.conf import settings

from certificates.models import SigningKey
from certificates.signature_slot import SignatureSlot

BY_HAND = "bsre-sign"  # the backend whose files wait for a person who types a passphrase; no worker can sign them


class SignerUnavailable(Exception):
    """Nothing can be signed at the moment: the service is away, or its key is missing or no longer active."""


class SigningRefused(Exception):
    """The signer answered, and refuses this file or these credentials, or what it sent back is not our file signed."""


@dataclass(frozen=True)
class SignedFile:
    """`level` names the signature as CertificateFile keeps it; `key` is None where the key is not ours."""

    content: bytes
    level: str
    key: SigningKey | None = None


@dataclass(frozen=True)
class Occasion:
    """What a signature says of itself beside the file."""

    signatory: str
    reason: str
    location: str
    at: datetime


class Signer(Protocol):
    def sign(self, draw: Callable[[SignatureSlot | None], bytes], occasion: Occasion) -> SignedFile:
        """Sign what `draw` draws: with room for the signature, or without where the signer appends its own revision.

        SignerUnavailable or SigningRefused if it cannot be signed; nothing is kept then.
        """


@lru_cache(maxsize=4)
def signer_named(name: str) -> Signer:
    """The backend that facts name; SignerUnavailable if this installation has no such one."""
    from certificates.signing import bsre, local  # keys are loaded when something is to be signed, not at import

    if name == settings.SIGNING.backend == local.NAME:
        return local.LocalSigner(settings.SIGNING)
    if name == settings.SIGNING.backend == bsre.SEAL:
        return bsre.SealSigner(settings.SIGNING)
    if name == BY_HAND:
        raise SignerUnavailable("The certificate waits for its signatory, who signs at /pengelola/tanda-tangan/")
    message = f"The certificate is to be signed by {name!r}; this installation signs by {settings.SIGNING.backend!r}"
    raise SignerUnavailable(message)
