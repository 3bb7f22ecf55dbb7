"""The credential of a certificate in the register: its place in a status list, and its signature.

Source: W3C Bitstring Status List 1.0. A list holds 131,072 places, taken at random so that a place tells neither when
nor for whom a certificate was issued.
"""

from __future__ import annotations

import base64
import gzip
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from certificates import credential, key_register
from certificates.facts import CertificateFacts
from certificates.models import Certificate, SigningKey
from certificates.signing import SignerUnavailable, keys

PLACES = 131_072  # of one list: the least that the standard allows, for the herd to hide in
TAKEN_AT_MOST = PLACES // 2  # then the next list begins, so that a free place is found at the second try
LIST_HOLDS = timedelta(hours=24)


def new_status_index() -> int:
    """A free place; call inside the issuing transaction. Places count through all lists."""
    newest = Certificate.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    number = newest // TAKEN_AT_MOST
    while True:
        index = number * PLACES + secrets.randbelow(PLACES)
        if not Certificate.objects.filter(status_index=index).exists():
            return index


def list_url(number: int) -> str:
    return f"{settings.SITE_URL}/status/{number}"


def status_list(number: int, *, at: datetime) -> dict[str, Any]:
    """The signed list: a bit for each place, set when its certificate was revoked or replaced.

    SignerUnavailable as in `of`. Anybody may ask; what it tells of places that nobody holds is nothing.
    """
    bits = bytearray(PLACES // 8)
    within = Certificate.objects.filter(status_index__range=(number * PLACES, (number + 1) * PLACES - 1))
    withdrawn = within.exclude(revoked_at=None, superseded_at=None)
    for index in withdrawn.values_list("status_index", flat=True):
        place = index % PLACES  # type: ignore[operator]  # the range leaves out those without a place
        bits[place // 8] |= 0x80 >> place % 8  # the first place is the left-most bit
    encoded = base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()
    private_key, key = _active_key(at)
    document = {
        "@context": [credential.CREDENTIALS_V2],
        "id": list_url(number),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": key_register.did(),
        "validFrom": _moment(at),
        "validUntil": _moment(at + LIST_HOLDS),
        "credentialSubject": {
            "id": f"{list_url(number)}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": "u" + encoded,
        },
    }
    return credential.sign(document, private_key, method=key_register.method_of(key), created=_moment(at))


def of(certificate: Certificate, facts: CertificateFacts) -> dict[str, Any] | None:
    """The signed credential, the same at each call with the same key; None for one issued before there were any.

    SignerUnavailable if the key is missing or no longer active.
    """
    if certificate.status_index is None:
        return None
    private_key, key = _active_key(certificate.issued_at)
    number, index = divmod(certificate.status_index, PLACES)
    issued_at = _moment(certificate.issued_at)
    issuance = credential.Issuance(
        issued_at=issued_at,
        ends_at=_end_of(certificate, facts),
        did=key_register.did(),
        list_url=list_url(number),
        index=index,
    )
    document = credential.build(facts, issuance)
    return credential.sign(document, private_key, method=key_register.method_of(key), created=issued_at)


def _end_of(certificate: Certificate, facts: CertificateFacts) -> str:
    """The last second of the last day, where the organiser is."""
    if not facts.valid_until:
        return ""
    midnight = datetime.fromisoformat(facts.valid_until) + timedelta(days=1)
    return _moment(midnight.replace(tzinfo=ZoneInfo(certificate.organiser.time_zone)) - timedelta(seconds=1))


def _active_key(at: datetime) -> tuple[Ed25519PrivateKey, SigningKey]:
    private_key = keys.load_or_make_credential_key(settings.SIGNING.keys_dir)
    key = key_register.register_credential_key(private_key.public_key(), at=at)
    if key.state != SigningKey.State.ACTIVE:
        raise SignerUnavailable(f"The credential key {key} is {key.state}")
    return private_key, key


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
