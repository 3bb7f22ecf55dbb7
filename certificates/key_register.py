"""The register of signing keys: public parts and their state, which only moves forward.

active → retired: signs no more, and what it signed stays valid. active or retired → compromised: what it signed needs
the register's word from then on. Nothing leads back.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from academy.env import Signing
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
