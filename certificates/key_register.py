"""The register of signing keys: public parts and their state, which only moves forward.

active → retired: signs no more, and what it signed stays valid. active or retired → compromised: what it signed needs
the register's word from then on. Nothing leads back.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction

from academy.env import Signing
from certificates import credential
from certificates.models import SigningKey
from certificates.signing import keys

ALLOWED = {
    SigningKey.State.ACTIVE: {SigningKey.State.RETIRED, SigningKey.State.COMPROMISED},
    SigningKey.State.RETIRED: {SigningKey.State.COMPROMISED},
    SigningKey.State.COMPROMISED: set(),
}
FEWEST_DIGITS = 16


class KeyRegisterError(Exception):
    """The key does not exist, or may not take this state."""


def register(pair: keys.KeyPair) -> SigningKey:
    """The row of a key, made when it is new. A repeat changes nothing, whatever state the key is in."""
    key, _created = SigningKey.objects.get_or_create(
        fingerprint=pair.fingerprint,
        defaults={
            "purpose": SigningKey.Purpose.DOCUMENT,
            "algorithm": pair.algorithm,
            "public": pair.chain_pem(),
            "valid_from": pair.certificate.not_valid_before_utc,
            "valid_until": pair.certificate.not_valid_after_utc,
        },
    )
    return key


def register_credential_key(public: Ed25519PublicKey, *, at: datetime) -> SigningKey:
    """The same for the key of credentials, valid from when it is first used."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    key, _created = SigningKey.objects.get_or_create(
        fingerprint=hashlib.sha256(raw).hexdigest(),
        defaults={
            "purpose": SigningKey.Purpose.CREDENTIAL,
            "algorithm": "ed25519",
            "public": credential.multibase(public),
            "valid_from": at,
        },
    )
    return key


def did() -> str:
    """did:web of SITE_URL's host; a port's colon is written %3A (did:web Method Specification, 2.5.1)."""
    return "did:web:" + settings.SITE_URL.split("://", 1)[1].replace(":", "%3A")


def method_of(key: SigningKey) -> str:
    """The DID URL under which a credential key stands in the DID document."""
    return f"{did()}#{key.fingerprint[:16]}"


def did_document() -> dict[str, Any]:
    """Every key of credentials that may be trusted, retired ones included: what they signed stays valid."""
    keys_of_credentials = SigningKey.objects.filter(purpose=SigningKey.Purpose.CREDENTIAL).exclude(
        state=SigningKey.State.COMPROMISED
    )
    methods = [
        {"id": method_of(key), "type": "Multikey", "controller": did(), "publicKeyMultibase": key.public}
        for key in keys_of_credentials.order_by("valid_from", "pk")
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did(),
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def published_keys() -> list[dict[str, Any]]:
    """Every key that ever signed, for anybody who checks a certificate without asking us: purpose, state, public part.

    `public` is the certificate and those above it as PEM, or an Ed25519 key as multibase.
    """
    return [
        {
            "fingerprint": key.fingerprint,
            "purpose": key.purpose,
            "algorithm": key.algorithm,
            "state": key.state,
            "state_changed_at": key.state_changed_at,
            "valid_from": key.valid_from,
            "valid_until": key.valid_until,
            "public": key.public,
        }
        for key in SigningKey.objects.order_by("valid_from", "pk")
    ]


def find(digits: str) -> SigningKey:
    """By the beginning of its fingerprint. KeyRegisterError if that is too short or not exactly one key's."""
    found = list(SigningKey.objects.filter(fingerprint__startswith=digits.lower())[:2])
    if len(digits) < FEWEST_DIGITS or len(found) != 1:
        message = f"Not the beginning of one key's fingerprint ({FEWEST_DIGITS} digits or more): {digits}"
        raise KeyRegisterError(message)
    return found[0]


@transaction.atomic
def mark(key: SigningKey, state: SigningKey.State, *, at: datetime) -> None:
    """Move a key forward; the same state again changes nothing. KeyRegisterError for a step back."""
    key = SigningKey.objects.select_for_update().get(pk=key.pk)
    if key.state == state:
        return
    if state not in ALLOWED[SigningKey.State(key.state)]:
        message = f"Key {key} is {key.state} and cannot become {state}"
        raise KeyRegisterError(message)
    key.state, key.state_changed_at = state, at
    key.save(update_fields=["state", "state_changed_at"])


def replace_local(signing: Signing, *, at: datetime) -> SigningKey:
    """A new key under the installation's own authority; the others of that kind are retired, their secrets gone.

    The new one is registered first: whoever signs meanwhile finds an active key in either case.
    """
    if signing.pkcs12:
        raise KeyRegisterError("The key is given by SIGNING_PKCS12: put another file there, and mark the old key")
    before = list(SigningKey.objects.filter(state=SigningKey.State.ACTIVE, purpose=SigningKey.Purpose.DOCUMENT))
    key = register(keys.replace_document_key(signing.keys_dir, at=at))
    for old in before:
        mark(old, SigningKey.State.RETIRED, at=at)
    return key
